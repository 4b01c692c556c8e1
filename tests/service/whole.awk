# The lines of a file whose writers were killed.  The kernel ends a write that SIGKILL meets between two pages there
# (generic_perform_write, mm/filemap.c): the next tracer's start line stands behind such a piece, which is left out.
NR > 1 && (last ~ /}$/ || !/"action":"start"/) { print last }
{ last = $0 }
END { if (last ~ /}$/) print last }
