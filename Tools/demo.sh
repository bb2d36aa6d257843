#!/usr/bin/env bash
# Shows what the program does: demo.sh PATH-TO-HEED
set -euo pipefail
heed=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

echo "Dates in words and what they mean, made by 'heed data dates':"
"$heed" data dates --count 160 --seed 1 --output "$folder/dates"
paste "$folder/dates/test.source" "$folder/dates/test.target" |
    awk -F '\t' '{ printf "  %-48s %s\n", $1, $2 }'
