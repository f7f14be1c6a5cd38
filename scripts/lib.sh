# lib.sh - what the scripts share; sourced by bash, from the top of the sources

say() {
	printf '== %s\n' "$*" >&2
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# as root; apt-get asks nothing and reads nothing
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		die "root is needed to install packages, and sudo is not there: $*"
	fi
}

# installed PACKAGE: with libhyperscan-dev in place, libvectorscan-dev is not needed; node and npm may
# come from elsewhere than Debian
installed() {
	if [ "$1" = nodejs ] || [ "$1" = npm ]; then
		! { command -v node && command -v npm; } >/dev/null || return 0
	fi
	if [ "$1" = libvectorscan-dev ] && installed libhyperscan-dev; then
		return 0
	fi
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages GROUP...: what scripts/packages lists for these groups and is missing
install_packages() {
	local group package missing=()
	while read -r group package; do
		case " $* " in
		*" $group "*) installed "$package" || missing+=("$package") ;;
		esac
	done < <(grep -v '^#' scripts/packages)
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "install these first: ${missing[*]}"
	say "installing ${missing[*]}"
	as_root apt-get update -q </dev/null >&2 || die "apt-get update failed"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
		--no-install-recommends "${missing[@]}" </dev/null >&2 ||
		die "apt-get install failed"
}

# build PRESET [CMAKE_OPTION...]
build() {
	local preset=$1
	shift
	cmake --preset "$preset" "$@" >&2 && cmake --build --preset "$preset" >&2
}
