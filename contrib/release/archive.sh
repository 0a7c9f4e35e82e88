#!/bin/sh
# archive.sh BINARY DIR PLATFORM: packs the program with completions, man pages, recipes and licences into
# DIR/hugging-carbon-VERSION-PLATFORM.tar.gz. The same binary gives the same bytes.
set -eu
binary=$(realpath "$1") && mkdir -p "$2" && out=$(realpath "$2") && platform=$3
cd "$(dirname "$0")/../.."

version=$("$binary" --version | cut -d ' ' -f 2)
name=hugging-carbon-$version-$platform
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name/completions"

cp "$binary" "$work/$name/hugging-carbon"
for shell in bash zsh fish; do
  "$binary" generate completions "$shell" > "$work/$name/completions/hugging-carbon.$shell"
done
"$binary" generate man "$work/$name/man/man1"
cp -R README.md CHANGELOG.md LICENSE docs contrib "$work/$name/"
cp data/README.md "$work/$name/DATA-SOURCES.md"
python3 contrib/release/third_party.py texts > "$work/$name/LICENSES-THIRD-PARTY.txt"

# The date is that of the commit, the owner nobody, the order that of the names.
tar --sort=name --owner=0 --group=0 --numeric-owner --mode='u+rwX,go=rX' \
  --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" -C "$work" -cf - "$name" | gzip -9n > "$out/$name.tar.gz"
echo "$out/$name.tar.gz"
