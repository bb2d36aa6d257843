#!/usr/bin/env bash
# Shows what the program does: demo.sh PATH-TO-HEED
set -euo pipefail
heed=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/german" <<'TEXT'
Guten Morgen!
Wo ist der Bahnhof?
Kannst du mir helfen?
Mein Bruder ist krank.
Hast du meinen Schlüssel gesehen?
Wir müssen jetzt gehen.
Wie viel kostet das?
TEXT

if "$heed" translate --output "$folder/english" --input "$folder/german" 2>"$folder/errors"; then
    echo "German to English, with the model that comes with Heed:"
    paste "$folder/german" "$folder/english" |
        awk -F '\t' '{ printf "  %s\n      %s\n", $1, $2 }'
    echo
    echo "What the words of a translation attend to (the darker, the more):"
    "$heed" translate --draw-attention 'Hast du meinen Schlüssel gesehen?'
    echo
    echo "How a small model of English novels goes on:"
    prompt='It was a dark night, and'
    echo "  $prompt$("$heed" generate --prompt "$prompt" --temperature 0.8 --seed 1 --max-length 80)" | sed '2,$s/^/  /'
elif grep -q 'no model' "$folder/errors"; then
    echo "Dates in words and what they mean, made by 'heed data dates':"
    "$heed" data dates --count 160 --seed 1 --output "$folder/dates"
    paste "$folder/dates/test.source" "$folder/dates/test.target" |
        awk -F '\t' '{ printf "  %-48s %s\n", $1, $2 }'
else
    cat "$folder/errors" >&2
    exit 1
fi
