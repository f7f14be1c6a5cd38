/* forwarded.c - networks, and lists of addresses read from their end */
#include "api/forwarded.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define ADDRESS_BITS 128
#define V4_BITS 32

/* IPv4 as ::ffff:192.0.2.1 */
struct network {
	struct in6_addr address;
	unsigned bits;
};

struct forwarded {
	struct network networks[FORWARDED_NETWORKS_MAX];
	size_t count;
	bool standard; /* Forwarded, not X-Forwarded-For */
};

/* false: it is no numeric address; *is_v4 may be NULL */
static bool read_address(struct slice text, struct in6_addr *out, bool *is_v4)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char copy[FORWARDED_ADDRESS_SIZE];
	struct in_addr four;

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (is_v4 != NULL)
		*is_v4 = false;
	if (inet_pton(AF_INET6, copy, out) == 1)
		return true;
	if (inet_pton(AF_INET, copy, &four) != 1)
		return false;
	memcpy(out->s6_addr, mapped, sizeof(mapped));
	memcpy(out->s6_addr + sizeof(mapped), &four, sizeof(four));
	if (is_v4 != NULL)
		*is_v4 = true;
	return true;
}

static void write_address(const struct in6_addr *address,
			  char out[FORWARDED_ADDRESS_SIZE])
{
	/* the buffer holds every address */
	if (IN6_IS_ADDR_V4MAPPED(address))
		(void)inet_ntop(AF_INET, address->s6_addr + 12, out,
				FORWARDED_ADDRESS_SIZE);
	else
		(void)inet_ntop(AF_INET6, address, out, FORWARDED_ADDRESS_SIZE);
}

static bool read_bits(struct slice text, unsigned max, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || i == 3)
			return false;
		*out = *out * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return text.len > 0 && *out <= max;
}

static bool read_network(const char *text, struct network *out)
{
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	bool is_v4 = false;
	unsigned offset = 0;

	if (!read_address(slice_of(text, len), &out->address, &is_v4))
		return false;
	out->bits = ADDRESS_BITS;
	if (slash == NULL)
		return true;
	offset = is_v4 ? ADDRESS_BITS - V4_BITS : 0;
	if (!read_bits(slice_str(slash + 1), ADDRESS_BITS - offset, &out->bits))
		return false;
	out->bits += offset;
	return true;
}

int forwarded_new(const char *const *networks, size_t count, const char *header,
		  struct forwarded **out, struct error *error)
{
	struct forwarded *made = NULL;

	if (count > FORWARDED_NETWORKS_MAX)
		return error_set(error, "at most %d networks of proxies",
				 FORWARDED_NETWORKS_MAX);
	made = mem_calloc(1, sizeof(*made));
	made->standard = strcmp(header, "Forwarded") == 0;
	for (size_t i = 0; i < count; i++) {
		if (read_network(networks[i], &made->networks[made->count++]))
			continue;
		forwarded_free(&made);
		return error_set(error,
				 "\"%s\" is no network such as 10.0.0.0/8 or ::1",
				 networks[i]);
	}
	*out = made;
	return 0;
}

void forwarded_free(struct forwarded **forwarded)
{
	mem_free(*forwarded);
	*forwarded = NULL;
}

static bool network_holds(const struct network *network, const struct in6_addr *address)
{
	unsigned whole = network->bits / 8;
	unsigned rest = network->bits % 8;
	unsigned mask = 0xffU << (8 - rest) & 0xffU;

	if (memcmp(network->address.s6_addr, address->s6_addr, whole) != 0)
		return false;
	return rest == 0 ||
	       ((network->address.s6_addr[whole] ^ address->s6_addr[whole]) & mask) ==
		       0;
}

static bool trusts(const struct forwarded *forwarded, const struct in6_addr *address)
{
	for (size_t i = 0; i < forwarded->count; i++) {
		if (network_holds(&forwarded->networks[i], address))
			return true;
	}
	return false;
}

bool forwarded_trusts(const struct forwarded *forwarded, const char *address)
{
	struct in6_addr read;

	return forwarded != NULL && forwarded->count > 0 &&
	       read_address(slice_str(address), &read, NULL) &&
	       trusts(forwarded, &read);
}

/* the text behind the last mark, which *rest loses with it */
static struct slice take_last(struct slice *rest, char mark)
{
	size_t at = rest->len;
	struct slice last = { 0 };

	while (at > 0 && rest->ptr[at - 1] != mark)
		at--;
	last = slice_from(*rest, at);
	rest->len = at > 0 ? at - 1 : 0;
	return slice_trim(last);
}

/* what for= says in an element of Forwarded; nothing is no address */
static struct slice for_of(struct slice element)
{
	while (element.len > 0) {
		struct slice pair = take_last(&element, ';');

		if (pair.len < 4 ||
		    !slice_equal_nocase(slice_head(pair, 4), SLICE("for=")))
			continue;
		pair = slice_from(pair, 4);
		if (pair.len >= 2 && pair.ptr[0] == '"' &&
		    pair.ptr[pair.len - 1] == '"')
			return slice_of(pair.ptr + 1, pair.len - 2);
		return pair;
	}
	return (struct slice){ 0 };
}

/* an address, perhaps with a port: 192.0.2.1, 192.0.2.1:5061, 2001:db8::1,
 * [2001:db8::1], [2001:db8::1]:5061 */
static bool read_node(struct slice text, struct in6_addr *out)
{
	const char *colon = text.len == 0 ? NULL : memchr(text.ptr, ':', text.len);

	if (text.len > 0 && text.ptr[0] == '[') {
		const char *end = memchr(text.ptr, ']', text.len);

		return end != NULL &&
		       read_address(
			       slice_of(text.ptr + 1, (size_t)(end - text.ptr) - 1),
			       out, NULL);
	}
	if (colon != NULL &&
	    memchr(colon + 1, ':', (size_t)(text.ptr + text.len - colon) - 1) == NULL)
		text.len = (size_t)(colon - text.ptr);
	return read_address(text, out, NULL);
}

/* goes towards the client, one address after the other, while the one that it stands at
 * is a proxy's. false: the way ends here */
static bool follow(const struct forwarded *forwarded, struct slice list,
		   struct in6_addr *at)
{
	while (list.len > 0) {
		struct slice element = take_last(&list, ',');
		struct in6_addr next;

		if (!trusts(forwarded, at) ||
		    !read_node(forwarded->standard ? for_of(element) : element, &next))
			return false;
		*at = next;
	}
	return true;
}

void forwarded_client(const struct forwarded *forwarded, const struct http_head *head,
		      char address[FORWARDED_ADDRESS_SIZE])
{
	struct in6_addr at;
	struct slice name = SLICE("X-Forwarded-For");

	if (!forwarded_trusts(forwarded, address) ||
	    !read_address(slice_str(address), &at, NULL))
		return;
	if (forwarded->standard)
		name = SLICE("Forwarded");
	/* fields of one name are one list, in their order (RFC 9110 section 5.3) */
	for (size_t i = head->fields_count; i-- > 0;) {
		if (slice_equal_nocase(head->fields[i].name, name) &&
		    !follow(forwarded, slice_str(head->fields[i].value), &at))
			break;
	}
	write_address(&at, address);
}
