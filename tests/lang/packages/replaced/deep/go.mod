module example.com/lib/deep

go 1.22
