module vostd

go 1.27
