module example.com/app

go 1.27

require (
	example.com/lib v1.2.3
	example.com/lib/deep v0.0.0
)

replace example.com/lib => ./lib

replace example.com/lib/deep v0.0.0 => ./deep
