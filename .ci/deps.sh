#!/bin/sh
# deps.sh install|check "PACKAGES" "OPTIONAL PACKAGES" - the Debian packages that are missing: says
# so and exits with 6, or installs them. Does nothing on a system without dpkg. What is optional is
# installed where that is possible.
command -v dpkg-query >/dev/null || exit 0
have=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii *//p' | tr '\n' ' ') "
lacking() {
    for package; do
        case "$have" in *" $package "*) ;; *) printf ' %s' "$package" ;; esac
    done
}
missing=$(lacking $2)
wanted=$missing$(lacking $3)
get="apt-get install -y --no-install-recommends"

if [ "$1" = check ]; then
    [ -z "$missing" ] && exit 0
    echo "missing packages; run:  make deps   or   $get$missing"
    exit 6
fi
[ -z "$wanted" ] && exit 0
if [ "$(id -u)" = 0 ]; then
    root=
elif command -v sudo >/dev/null && sudo -v; then
    root=sudo
elif [ -z "$missing" ]; then
    exit 0
else
    echo "cannot install packages without root or sudo; run as root:  $get$missing"
    exit 6
fi
echo "installing:$wanted"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
{ $root $get $wanted || { $root apt-get update -q && $root $get $wanted; } ||
    $root $get $missing; } </dev/null >"$log" 2>&1
status=$?
[ $status = 0 ] || tail -n 20 "$log"
rm -f "$log"
exit $status
