# SPDX-License-Identifier: MIT
# Two hundred pipelines, and a walk over a tree.
i=0
while [ $i -lt 200 ]; do
	i=$((i + 1))
	seq $i $((i * 3)) | awk -v i=$i '{ print $1 * i % 1009 }' |
		sort -n | uniq | tail -n $((i % 7 + 1)) | tr '\n' ' '
	echo "#$i"
done
make_tree() {
	[ "$1" -gt 0 ] || return 0
	for name in a b c; do
		mkdir "$2/$name"
		echo "$1 $2" | sed 's|.*/||' > "$2/$name/file"
		make_tree $(($1 - 1)) "$2/$name"
	done
}
walk() {
	for entry in "$1"/*; do
		if [ -d "$entry" ]; then
			walk "$entry"
		else
			count=$((count + 1))
			sum=$((sum + $(wc -c < "$entry")))
		fi
	done
}
mkdir tree
make_tree 4 tree
count=0 sum=0
walk tree
echo "walked $count files, $sum bytes"
find tree -type f | wc -l
find tree -type f -exec cat {} + | sort | uniq -c
tar c tree | tar t | sort | sha256sum
rm -r tree
ls
