#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
#
# build_kernel_test.sh BUILD-KERNEL
# The kernel builder against a stand-in for a kernel tree, so that it takes seconds: what it prints,
# caches, refuses and cleans up. That the real source builds is shown by the guest tests.
set -u
builder=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_CACHE_HOME=$folder/cache BUILDS=$folder/builds
cache=$XDG_CACHE_HOME/vhost-workbench
failures=0

check()
{
    local claim=$1
    shift
    if "$@"; then
        echo "ok - $claim"
    else
        echo "NOT OK - $claim: $*"
        sed 's/^/    stderr: /' "$folder/err"
        failures=$((failures + 1))
    fi
}

# build STATUS ARGUMENT...: runs the builder and expects that exit status.
build()
{
    local expected=$1 status=0
    shift
    "$builder" "$@" >"$folder/out" 2>"$folder/err" || status=$?
    check "exit status $expected for '$*'" [ "$status" = "$expected" ]
}

says() { grep -q -- "$1" "$folder/err"; }
builds() { [ "$(wc -l <"$BUILDS")" = "$1" ]; }
does_not_say() { ! says "$1"; }
no_process() { ! pgrep -f "$cache/build" >/dev/null; }
no_scratch() { [ -z "$(find "$cache/build" -mindepth 1 -type d)" ]; }

make_tree()
{
    mkdir -p "$folder/tree/scripts/kconfig"
    cat >"$folder/tree/Makefile" <<'END'
VERSION = 6
PATCHLEVEL = 12
SUBLEVEL = 1
allnoconfig tinyconfig:
	mkdir -p $(O) && : >$(O)/.config
olddefconfig:
	grep -v 'CONFIG_NOT_THERE\|=n$$' $(O)/.config >$(O)/new && mv $(O)/new $(O)/.config
linux vmlinux:
	echo "  CC  fake.o"
	! grep BREAK $(O)/.config || { echo "fake.c:1: no such thing" >&2; exit 1; }
	! grep SLOW $(O)/.config || sleep 1000
	echo built >>$(BUILDS)
	cp /bin/true $(O)/$@
modules:
	mkdir -p $(O)/drivers && cp /bin/true $(O)/drivers/fake.ko
END
    cat >"$folder/tree/scripts/kconfig/merge_config.sh" <<'END'
#!/bin/sh
shift 2 && cat "$@" >.config
END
    chmod +x "$folder/tree/scripts/kconfig/merge_config.sh"
    : >"$BUILDS"
}

make_tree
tree=(--source "$folder/tree")

build 0 --help
check "help goes to standard output" grep -q '^Usage' "$folder/out"
build 2 --frobnicate
build 2 --jobs none
build 2 --machine pdp11
check "the machines there are are named" says 'uml or qemu'
build 2 --fragment /nonexistent
build 3 --source /nonexistent
check "a missing source is named" says "/nonexistent"

build 3 "${tree[@]}" --print-path
kernel=$(cat "$folder/out")
check "the path is in the cache" [ "${kernel#"$cache"/kernels/}" != "$kernel" ]

build 0 "${tree[@]}"
check "standard output is the path alone" [ "$(cat "$folder/out")" = "$kernel" ]
check "the kernel is there and runs" "$kernel"
check "its configuration is kept" grep -q '^CONFIG_VIRTIO_UML=y' "${kernel%/linux}/config"
check "its modules lie beside it" [ -f "${kernel%/linux}/modules/fake.ko" ]
check "one line every ten seconds, not on a terminal" says '^Compiling'
check "no scratch folder is left" no_scratch

build 0 "${tree[@]}"
check "the second call builds nothing" builds 1
build 0 "${tree[@]}" --print-path
build 0 "${tree[@]}" --force
check "--force builds" builds 2

build 0 "${tree[@]}" --machine qemu
check "another machine is another kernel" [ "$(basename "$(cat "$folder/out")")" = vmlinux ]
check "with a configuration of its own" grep -q '^CONFIG_PVH=y' \
    "$(dirname "$(cat "$folder/out")")/config"
: >"$BUILDS"
build 0 "${tree[@]}" --machine uml
check "the kernel of old is there still" [ "$(cat "$folder/out")" = "$kernel" ]
check "and was not built again" builds 0

echo CONFIG_MORE=y >"$folder/more.config"
build 0 "${tree[@]}" --fragment "$folder/more.config"
check "another fragment is another kernel" [ "$(cat "$folder/out")" != "$kernel" ]
check "and it is merged" grep -q '^CONFIG_MORE=y' "$(dirname "$(cat "$folder/out")")/config"

printf 'CONFIG_NOT_THERE=y\nCONFIG_HERE=y\n' >"$folder/lost.config"
build 1 "${tree[@]}" --fragment "$folder/lost.config"
check "a lost option is named" says CONFIG_NOT_THERE=y
check "a granted one is not" does_not_say CONFIG_HERE

echo 'CONFIG_BREAK=y' >"$folder/break.config"
build 1 "${tree[@]}" --fragment "$folder/break.config"
check "the compiler's words are shown" says 'fake.c:1: no such thing'
check "the log is kept" [ -s "$(sed -n 's/^--- last lines of //p' "$folder/err")" ]
check "no scratch folder is left after a failure" no_scratch

: >"$BUILDS"
echo 'CONFIG_TWICE=y' >"$folder/twice.config"
"$builder" "${tree[@]}" --fragment "$folder/twice.config" >"$folder/first" 2>/dev/null &
build 0 "${tree[@]}" --fragment "$folder/twice.config"
wait
check "two builders at once build once" builds 1
check "and both get the path" cmp "$folder/first" "$folder/out"

echo 'CONFIG_SLOW=y' >"$folder/slow.config"
"$builder" "${tree[@]}" --fragment "$folder/slow.config" >/dev/null 2>"$folder/err" &
slow=$!
for _ in $(seq 100); do
    grep -q 'CC  fake.o' "$cache"/build/*.log && break
    sleep 0.05
done
kill -TERM $slow
status=0
wait $slow || status=$?
check "a terminated build says so" [ $status = 143 ]
check "and leaves no process" no_process
check "nor a scratch folder" no_scratch

mkdir "$folder/bin"
for tool in bash readlink dirname nproc make gcc cat; do
    ln -s "$(command -v $tool)" "$folder/bin/$tool"
done
PATH=$folder/bin XDG_CACHE_HOME=$folder/other /bin/bash "$builder" "${tree[@]}" \
    >"$folder/out" 2>"$folder/err"
check "missing tools are told" [ $? = 3 ]
check "with their names" says 'bison'

[ $failures = 0 ] || exit 1
