#!/bin/sh
# Makes training and validation text of novels in plain text, such as those that are in the public domain.
#
#     Tools/prepare-novels.sh OUTPUT NOVEL.txt...
#
# Writes OUTPUT/train.txt, and OUTPUT/valid.txt with the last twentieth of each novel. What stands before and after a
# novel in such files goes (the lines with *** START OF and *** END OF, and who produced it), lines of a paragraph become
# one, and quotation marks, dashes and dots have one form.
set -eu
if [ $# -lt 2 ]; then
    echo "usage: $0 OUTPUT NOVEL.txt..." >&2
    exit 64
fi
output=$1
shift
mkdir -p "$output"
: > "$output/train.txt"
: > "$output/valid.txt"
for novel in "$@"; do
    tr -d '\r' < "$novel" |
        sed -e '1s/^\xef\xbb\xbf//' -e '1,/^\*\*\* *START OF/d' -e '/^\*\*\* *END OF/,$d' \
            -e '/^ *End of .*Gutenberg/,$d' -e '/Gutenberg/Id' -e '/^Produced by/,/^$/d' |
        sed -e "s/[‘’]/'/g" -e 's/[“”]/"/g' -e 's/—/--/g' -e 's/–/-/g' -e 's/…/.../g' -e 's/_//g' -e 's/\[Illustration[^]]*\]//g' |
        awk -v train="$output/train.txt" -v valid="$output/valid.txt" '
            BEGIN { RS = ""; }
            { gsub(/[ \t]*\n[ \t]*/, " "); gsub(/  +/, " "); sub(/^ +/, ""); sub(/ +$/, ""); if (length($0)) text[++count] = $0 }
            END { for (i = 1; i <= count; i++) print text[i] "\n" >> (i <= count * 0.95 ? train : valid) }'
done
wc -c "$output/train.txt" "$output/valid.txt"
