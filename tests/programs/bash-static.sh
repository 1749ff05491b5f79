# SPDX-License-Identifier: MIT
# What GNU bash asks of the kernel beyond a plain shell.
(exit 3) & (sleep 0.05; exit 4) & wait -n; echo "first $?"; wait
declare -A ages=([ann]=30 [bob]=25)
for name in "${!ages[@]}"; do echo "$name ${ages[$name]}"; done | sort
numbers=(5 3 9 1); printf '%s\n' "${numbers[@]}" | sort -n | tr '\n' ' '; echo
mapfile -t lines < <(seq 1 5); echo "${#lines[@]} ${lines[4]}"
diff <(echo same) <(echo same) && echo no difference
paste <(seq 1 3) <(seq 4 6)
cat <<< "a here string"
coproc { read x; echo "back: $x"; }; echo forth >&"${COPROC[1]}"; read y <&"${COPROC[0]}"; echo "$y"; wait
jobs > /dev/null; set -m; sleep 100 & jobs; kill %1; wait %1; echo $?; set +m
set -m; (kill -STOP $BASHPID; echo continued) & wait %+ 2> /dev/null; jobs | tr -s ' '; kill -CONT %1; wait; set +m
trap 'echo error at a command' ERR; false; trap - ERR
trap 'echo child' CHLD; (exit 1); trap - CHLD
[[ "kernel-6.1" =~ ^([a-z]+)-([0-9.]+)$ ]] && echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
shopt -s extglob globstar
mkdir -p g/h/i; touch g/a.c g/h/b.c g/h/i/c.h; echo **/*.@(c|h)
printf -v padded '%05d' 42; echo "$padded"
printf '%(%Y)T\n' 86400
for ((i = 0; i < 3; i++)); do echo -n "$i "; done; echo
read -t 0.05 -r nothing < <(sleep 1); echo "timed out $(($? > 128))"
read -n 3 few <<< abcdef; echo $few
echo {a..e} {01..10..3}
exec {fd}> numbered; echo "to $((fd >= 10))" >&$fd; exec {fd}>&-; cat numbered
{ echo out; echo err >&2; } |& sort
time_it() { local start=$SECONDS; sleep 0.01; ((SECONDS - start < 2)) && echo quick; }; time_it
f() { echo "$FUNCNAME ${BASH_LINENO[0]}"; }; f
echo "${PIPESTATUS[@]}"; true | false | true; echo "${PIPESTATUS[@]}"
x=kernel; echo "${x^^} ${x:1:3} ${x/ern/ERN} ${#x}"
ulimit -S -n 64; ulimit -n
umask; umask -S
kill -l USR1; type -t cd ls echo | sort -u
sum=0; while read -r n; do ((sum += n)); done < <(seq 1 1000); echo $sum
for i in {1..50}; do (exit $((i % 7))) || ((failed++)); done; echo "$failed failed"
(ulimit -v 1; bash-static -c 'echo never' 2> /dev/null) || echo no memory
bash-static -c 'echo "$0 $# $*"' zero one two
bash-static -c 'kill -ABRT $$' 2> /dev/null; echo $?
echo "$BASH_VERSION" | cut -d . -f 1
