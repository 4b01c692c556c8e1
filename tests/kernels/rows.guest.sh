# In the virtual machine: which values of --hooks to try, from what `relaytrace features` printed: "best",
# which takes every chosen row, then one for each row that could be taken instead.
hook_rows() { # FEATURES
	echo best
	awk '/^[a-z]+$/ { group = $1 } $1 == "available" { print group "=" $2 }' "$1"
}
