/* route.c - matching a path, segment by segment */
#include "api/route.h"

#include <assert.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/json_out.h"

static const struct {
	enum route_method method;
	const char *name;
} method_names[] = {
	{ ROUTE_GET, "GET" },       { ROUTE_POST, "POST" },
	{ ROUTE_PUT, "PUT" },       { ROUTE_PATCH, "PATCH" },
	{ ROUTE_DELETE, "DELETE" }, { ROUTE_OPTIONS, "OPTIONS" },
};

/* takes "/segment" from the front of *rest; false when nothing is left */
static bool next_segment(struct slice *rest, struct slice *segment)
{
	const char *end = NULL;

	if (rest->len == 0 || rest->ptr[0] != '/')
		return false;
	*rest = slice_from(*rest, 1);
	end = rest->len == 0 ? NULL : memchr(rest->ptr, '/', rest->len);
	*segment =
		slice_head(*rest, end == NULL ? rest->len : (size_t)(end - rest->ptr));
	*rest = slice_from(*rest, segment->len);
	return true;
}

static bool is_placeholder(struct slice segment)
{
	return segment.len > 2 && segment.ptr[0] == '{' &&
	       segment.ptr[segment.len - 1] == '}';
}

static void add_param(struct route_params *params, struct slice name,
		      struct slice value)
{
	assert(params->count < ROUTE_PARAMS_MAX);
	params->items[params->count++] = (struct route_param){
		.name = slice_of(name.ptr + 1, name.len - 2),
		.value = value,
	};
}

static struct slice without_last_slash(struct slice path)
{
	if (path.len > 1 && path.ptr[path.len - 1] == '/')
		path.len--;
	return path;
}

bool route_match(const char *pattern, struct slice path, struct route_params *params)
{
	struct slice wanted = slice_str(pattern);
	struct slice rest = without_last_slash(path);
	struct slice expect = { 0 };
	struct slice segment = { 0 };

	params->count = 0;
	while (next_segment(&wanted, &expect)) {
		if (!next_segment(&rest, &segment))
			return false;
		if (is_placeholder(expect) && segment.len > 0)
			add_param(params, expect, segment);
		else if (!slice_equal(expect, segment))
			return false;
	}
	return rest.len == 0;
}

const struct route *route_find(const struct route_table *table,
			       enum route_method method, struct slice path,
			       struct route_params *params, unsigned *allowed)
{
	const struct route *found = NULL;
	struct route_params tried = { 0 };

	*allowed = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct route *route = &table->routes[i];

		if (!route_match(route->pattern, path, &tried))
			continue;
		*allowed |= (unsigned)route->method;
		if (found == NULL && route->method == method) {
			found = route;
			*params = tried;
		}
	}
	return found;
}

struct slice route_param(const struct route_params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++) {
		if (slice_equal(params->items[i].name, slice_str(name)))
			return params->items[i].value;
	}
	return (struct slice){ 0 };
}

void route_allow_text(unsigned methods, char *out, size_t out_size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(method_names); i++) {
		if ((methods & (unsigned)method_names[i].method) == 0)
			continue;
		/* the text of all names is shorter than any caller's buffer */
		at += (size_t)snprintf(out + at, out_size - at, "%s%s",
				       at == 0 ? "" : ", ", method_names[i].name);
		assert(at < out_size);
	}
}

/* what the ids of a path name, from the narrowest on */
static struct slice scope_name(const char *pattern)
{
	static const struct {
		const char *part;
		const char *scope;
	} scopes[] = {
		{ "{ingestion}", "ingestion" },
		{ "{project}", "project" },
		{ "{org}", "organisation" },
	};

	for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
		if (strstr(pattern, scopes[i].part) != NULL)
			return slice_str(scopes[i].scope);
	}
	return SLICE("none");
}

void route_write_table(const struct route_table *table, struct buf *out_buf)
{
	static const char *const accesses[] = {
		[ACCESS_PUBLIC] = "public", [ACCESS_USER] = "user",
		[ACCESS_SENDER] = "sender", [ACCESS_MEMBER] = "member",
		[ACCESS_READER] = "reader", [ACCESS_PUSHER] = "pusher",
		[ACCESS_ADMIN] = "admin"
	};
	static const char *const limits[] = {
		[LIMIT_NONE] = "none",         [LIMIT_LOGIN] = "login",
		[LIMIT_REGISTER] = "register", [LIMIT_WRITE] = "write",
		[LIMIT_READ] = "read",         [LIMIT_PUSH] = "push",
		[LIMIT_INSIGHT] = "insight"
	};
	struct json_out out = json_out_init(out_buf);
	char method[8];

	json_array_begin(&out);
	for (size_t i = 0; i < table->count; i++) {
		const struct route *route = &table->routes[i];

		route_allow_text((unsigned)route->method, method, sizeof(method));
		json_object_begin(&out);
		json_key_string(&out, "method", slice_str(method));
		json_key_string(&out, "path", slice_str(route->pattern));
		json_key_string(&out, "access", slice_str(accesses[route->access]));
		json_key_string(&out, "scope", scope_name(route->pattern));
		json_key_string(&out, "limit", slice_str(limits[route->limit]));
		json_object_end(&out);
	}
	json_array_end(&out);
}
