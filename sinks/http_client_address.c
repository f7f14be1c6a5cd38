/* http_client_address.c - addresses that are not to be asked on behalf of others */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/compiler.h"
#include "sinks/http_client.h"

struct range {
	uint8_t bytes[16];
	unsigned bits;
};

/* what is never public: each for one of the bans */
static const struct range link_local4[] = {
	{ { 0 }, 8 },                   /* "this network": reaches this machine */
	{ { 169, 254 }, 16 },           /* link-local; metadata of most clouds */
	{ { 100, 100, 100, 200 }, 32 }, /* metadata of Alibaba Cloud */
	{ { 224 }, 4 },                 /* multicast */
	{ { 240 }, 4 },                 /* reserved, broadcast */
};

static const struct range private4[] = {
	{ { 0 }, 8 },         { { 127 }, 8 },       /* this machine */
	{ { 10 }, 8 },        { { 172, 16 }, 12 },  /* RFC 1918 */
	{ { 192, 168 }, 16 }, { { 100, 64 }, 10 },  /* the last: RFC 6598 */
	{ { 198, 18 }, 15 },  { { 192, 0, 0 }, 24 } /* RFC 2544, RFC 6890 */
};

static const struct range link_local6[] = {
	{ { 0 }, 128 },                                          /* unspecified */
	{ { 0xfe, 0x80 }, 10 },                                  /* link-local */
	{ { 0xff }, 8 },                                         /* multicast */
	{ { 0xfd, 0, 0x0e, 0xc2, [15] = 0x54, [14] = 2 }, 128 }, /* metadata of AWS */
};

static const struct range private6[] = {
	{ { 0 }, 128 },         /* unspecified */
	{ { [15] = 1 }, 128 },  /* this machine */
	{ { 0xfc }, 7 },        /* unique local, RFC 4193 */
	{ { 0xfe, 0xc0 }, 10 }, /* site-local, RFC 3879 */
};

/* where an IPv4 address lies in an IPv6 one */
static const struct {
	struct range range;
	size_t at;
} carriers[] = {
	{ { { [10] = 0xff, [11] = 0xff }, 96 }, 12 }, /* mapped, RFC 4291 2.5.5.2 */
	{ { { 0x00, 0x64, 0xff, 0x9b }, 96 }, 12 },   /* NAT64, RFC 6052 2.1 */
	{ { { 0x20, 0x02 }, 16 }, 2 },                /* 6to4, RFC 3056 2 */
};

static bool is_in(const struct range *range, const uint8_t *address)
{
	size_t bytes = range->bits / 8;
	unsigned rest = range->bits % 8;

	return memcmp(range->bytes, address, bytes) == 0 &&
	       (rest == 0 || (range->bytes[bytes] ^ address[bytes]) >> (8 - rest) == 0);
}

static bool is_among(const struct range *ranges, size_t count, const uint8_t *address)
{
	for (size_t i = 0; i < count; i++) {
		if (is_in(&ranges[i], address))
			return true;
	}
	return false;
}

static bool is_refused4(const struct http_client_bans *bans, const uint8_t *address)
{
	return (bans->link_local &&
		is_among(link_local4, ARRAY_LEN(link_local4), address)) ||
	       (bans->private_networks &&
		is_among(private4, ARRAY_LEN(private4), address));
}

static bool is_refused6(const struct http_client_bans *bans, const uint8_t *address)
{
	if ((bans->link_local &&
	     is_among(link_local6, ARRAY_LEN(link_local6), address)) ||
	    (bans->private_networks &&
	     is_among(private6, ARRAY_LEN(private6), address)))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(carriers); i++) {
		if (is_in(&carriers[i].range, address))
			return is_refused4(bans, address + carriers[i].at);
	}
	return false;
}

bool http_client_is_refused(const struct http_client_bans *bans,
			    const struct sockaddr *address)
{
	struct sockaddr_in in = { 0 };
	struct sockaddr_in6 in6 = { 0 };

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&in, address, sizeof(in));
		return is_refused4(bans, (const uint8_t *)&in.sin_addr);
	case AF_INET6:
		memcpy(&in6, address, sizeof(in6));
		return is_refused6(bans, in6.sin6_addr.s6_addr);
	default:
		return bans->link_local || bans->private_networks;
	}
}
