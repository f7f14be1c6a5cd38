/* endpoint.c - reading "address:port" */
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int read_port(const char *text, uint16_t *out)
{
	char *end = NULL;
	unsigned long port = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || port == 0 || port > 65535)
		return -1;
	*out = (uint16_t)port;
	return 0;
}

static const char *well_known(const char *address)
{
	if (address[0] == '\0' || strcmp(address, "*") == 0)
		return "0.0.0.0";
	if (strcmp(address, "localhost") == 0)
		return "127.0.0.1";
	return address;
}

static int is_numeric(const char *address)
{
	struct in6_addr space;

	return inet_pton(AF_INET, address, &space) == 1 ||
	       inet_pton(AF_INET6, address, &space) == 1;
}

int endpoint_parse(const char *text, struct endpoint *out, struct error *error)
{
	const char *colon = strrchr(text, ':');
	struct slice host = { 0 };
	char *address = NULL;

	if (colon == NULL || read_port(colon + 1, &out->port) < 0)
		return error_set(error,
				 "\"%s\": expected address:port, as in "
				 "127.0.0.1:8080",
				 text);
	host = slice_of(text, (size_t)(colon - text));
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = slice_of(host.ptr + 1, host.len - 2);
	address = mem_slice_dup(host);
	if (!is_numeric(well_known(address))) {
		mem_free(address);
		return error_set(error,
				 "\"%s\": the address must be numeric, as in "
				 "127.0.0.1:8080 or [::1]:8080",
				 text);
	}
	out->address = mem_strdup(well_known(address));
	mem_free(address);
	return 0;
}

bool endpoint_is_loopback(const struct endpoint *endpoint)
{
	return strncmp(endpoint->address, "127.", 4) == 0 ||
	       strcmp(endpoint->address, "::1") == 0;
}

void endpoint_deinit(struct endpoint *endpoint)
{
	mem_free(endpoint->address);
	*endpoint = (struct endpoint){ 0 };
}
