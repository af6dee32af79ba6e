package inner

var Value = "inner"
