# SPDX-License-Identifier: MIT
# The applets that work on lines of text.
seq 1 500 | awk '{ print $1, $1 * 7 % 101, "word" $1 % 13, ($1 * $1) % 997 }' > table
wc table
head -n 5 table
tail -n 3 table
sort -n -k 2 table | head -n 12
sort -k 3,3 -k 4,4nr table | awk 'NR % 50 == 1'
sort -u -k 3,3 table | cut -d ' ' -f 3
cut -d ' ' -f 3 table | sort | uniq -c | sort -rn | head -n 4
grep -c 'word1' table
grep -n 'word12 [0-9]$' table
grep -E '^(1|2)0+ ' table
grep -v 'word' table || echo none without
grep -o 'word[0-9]*' table | sort -u | tr '\n' ' '; echo
sed -e 's/word\([0-9]*\)/<\1>/g' -e '/<5>/d' table | head -n 7
sed -n '/^100 /,/^104 /p' table
sed '2,$!d; 4q' table
sed 'y/0123456789/abcdefghij/; s/ /\t/2' table | head -n 2
awk '{ sum[$3] += $2; n[$3]++ } END { for (w in sum) print w, sum[w], n[w] }' table | sort
awk -F ' ' 'NR % 97 == 0 { printf "%5d|%-8s|%08.3f|%x\n", $1, $3, $4 / 7, $4 }' table
awk 'BEGIN { while ((getline line < "table") > 0) n++; print n; print substr("kernel", 2, 3), index("exo", "o"), length("four"), toupper("abc") }'
awk 'BEGIN { "echo from a command" | getline x; print x; print "to a command" | "tr a-z A-Z"; close("tr a-z A-Z"); print 2 ^ 20, int(7 / 2), 7 % 3 }'
awk 'function fact(n) { return n < 2 ? 1 : n * fact(n - 1) } BEGIN { print fact(10); n = split("a:b:c", p, ":"); print n, p[3]; print match("foobar", "o+b"), RSTART, RLENGTH; gsub(/o/, "0"); x = "boo"; gsub(/o/, "0", x); print x }'
tr -cs 'a-z' '\n' < table | sort | uniq -c
tr -d '0-9' < table | sort -u | head -n 3
printf 'a\tb\tc\n1\t2\t3\n' | expand -t 4
printf 'one two three four five six seven\n' | fold -s -w 12
printf 'b\na\nc\n' > left
printf 'a\nc\nd\n' > right
sort left > left.sorted
paste left right
paste -s -d + left
diff left.sorted right
diff -u left.sorted right | sed 1,2d
cmp left right
rev table | head -n 2
tac table | head -n 2
nl table | sed -n 3p
od -A d -t x1 left
hexdump -C right
printf '%s %5d %-5s| %c %o %X %e %%\n' text 42 left c 8 255 1.5
printf '%b' 'tab\there\n'
expr 6 \* 7
expr substr operating 1 5
expr abcdef : 'abc\(.*\)'
echo '12 * (3 + 4) / 5; scale=10; 22/7' | bc
echo '5 3 + p 10 k 2 v p' | dc
seq -s , 1 3 20
seq -w 8 11
yes exo | head -n 3
strings -n 4 table | head -n 1
base64 left
base64 left | base64 -d
md5sum table left right
sha1sum table
sha256sum table
sha512sum left
sed -n 1,200p table > piece.a; sed -n 201,400p table > piece.b; sed -n "401,\$p" table > piece.c
wc -l piece.*
cat piece.* | cmp - table && echo whole
shuf -n 3 table | wc -l
cat -n left
cat -A left
tee copy < left | tr a-z A-Z
cat copy
xargs -n 2 echo pair < left
xargs -I {} echo '<{}>' < left
seq 1 2000 | xargs | wc
printf 'x y\0z\0' | xargs -0 -n 1 echo
