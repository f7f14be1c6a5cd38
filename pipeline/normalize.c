/* normalize.c - from a record to tokens, by the kind of message it holds */
#include "pipeline/normalize.h"

#include "base/hash64.h"
#include "pipeline/format.h"
#include "pipeline/normalize_kinds.h"

#define BODY_MAX ((size_t)1024 * 1024)

static const char *const type_names[VARIABLE_TYPE_COUNT] = {
	[VARIABLE_ANY] = "*",     [VARIABLE_NUMBER] = "num",
	[VARIABLE_IP] = "ip",     [VARIABLE_HEX] = "hex",
	[VARIABLE_UUID] = "uuid", [VARIABLE_PATH] = "path",
	[VARIABLE_URL] = "url",   [VARIABLE_EMAIL] = "email",
	[VARIABLE_TIME] = "time", [VARIABLE_DURATION] = "dur",
	[VARIABLE_SIZE] = "size", [VARIABLE_ID] = "id",
	[VARIABLE_USER] = "user",
};

const char *variable_type_name(enum variable_type type)
{
	return type_names[type];
}

void normalize_record(const struct record *record, struct tokens *tokens)
{
	/* offsets are 32 bits; nothing behind the last token is looked at anyway */
	tokens->text = slice_head(record->body, BODY_MAX);
	tokens->count = 0;
	tokens->folded_len = 0;
	tokens->cut = false;
	memset(tokens->marks, 0, TOKENS_BEHIND * sizeof(*tokens->marks));
	if (record->format == FORMAT_JSON || record->format == FORMAT_LOGFMT)
		normalize_keyed(record, tokens);
	else if (!normalize_access(tokens))
		normalize_lines(tokens);
}

uint64_t normalize_fingerprint(const struct tokens *tokens)
{
	return hash64(slice_of(tokens->folded, tokens->folded_len), NORMALIZE_VERSION);
}
