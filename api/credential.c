/* credential.c - schemes of Authorization, as shippers send them */
#include "api/credential.h"

#include <sodium.h>

#include "api/api_key.h"
#include "base/compiler.h"

/* "user:password": what stands behind the first colon, or all of it without one */
static struct slice behind_colon(struct slice text)
{
	const char *colon = text.len == 0 ? NULL : memchr(text.ptr, ':', text.len);

	return colon == NULL ? text : slice_from(text, (size_t)(colon - text.ptr) + 1);
}

/* ptr NULL: it is no base64 */
static struct slice decode(struct slice text, struct arena *arena)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	if (sodium_base642bin((unsigned char *)out, text.len + 1, text.ptr, text.len,
			      NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return (struct slice){ 0 };
	return slice_of(out, len);
}

static struct slice bare(struct slice rest, struct arena *arena)
{
	(void)arena; /* nothing is encoded */
	return rest;
}

static struct slice basic(struct slice rest, struct arena *arena)
{
	return behind_colon(decode(rest, arena));
}

static struct slice api_key(struct slice rest, struct arena *arena)
{
	struct slice id = { 0 };

	return api_key_id(rest, &id) ? rest : basic(rest, arena);
}

static const struct {
	const char *name;
	struct slice (*read)(struct slice rest, struct arena *arena);
} schemes[] = {
	{ "bearer ", bare },
	{ "basic ", basic },
	{ "apikey ", api_key },
	{ "splunk ", bare },
};

bool credential_of_header(const char *header, struct arena *arena,
			  struct credential *out)
{
	struct slice text = header == NULL ? SLICE("") : slice_str(header);

	*out = (struct credential){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		struct slice name = slice_str(schemes[i].name);

		if (!slice_equal_nocase(slice_head(text, name.len), name))
			continue;
		out->text =
			schemes[i].read(slice_trim(slice_from(text, name.len)), arena);
		/* else *key_id stays NULL: a token */
		if (!api_key_id(out->text, &out->key_id))
			out->key_id = (struct slice){ 0 };
		return out->text.len > 0;
	}
	return false;
}
