/* roles.c - of several keys for one role, the one of lowest rank counts */
#include "pipeline/roles.h"

#include "pipeline/byte_class.h"

struct role_filler role_filler_init(struct record *record,
				    const struct timestamp_context *context)
{
	struct role_filler filler = { .record = record, .context = context };

	memset(filler.ranks, ALIAS_RANK_NONE, sizeof(filler.ranks));
	return filler;
}

static struct slice without_line_end(struct slice text)
{
	while (text.len > 0 &&
	       (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
		text.len--;
	return text;
}

static bool fill_timestamp(const struct role_filler *filler, struct slice text)
{
	int64_t us = timestamp_of_epoch_text(text);

	if (us == TIMESTAMP_NONE)
		us = timestamp_of_text(text, filler->context);
	if (us == TIMESTAMP_NONE)
		return false;
	filler->record->timestamp_us = us;
	return true;
}

static bool fill_severity(const struct role_filler *filler, const struct alias *alias,
			  struct slice text)
{
	enum severity severity = severity_of_word(text);

	if (severity == SEVERITY_NONE)
		severity = severity_of_number(text, alias->scale);
	if (severity == SEVERITY_NONE)
		return false;
	filler->record->severity = severity;
	filler->record->severity_text = text;
	return true;
}

/* one digit as a service is an element of some list */
static bool is_name(struct slice text)
{
	return !byte_is(text.ptr[0], BYTE_DIGIT) || text.len > 3;
}

static bool fill(const struct role_filler *filler, const struct alias *alias,
		 struct slice text)
{
	switch (alias->role) {
	case ROLE_TIMESTAMP:
		return fill_timestamp(filler, text);
	case ROLE_SEVERITY:
		return fill_severity(filler, alias, text);
	case ROLE_SERVICE:
		if (!is_name(text))
			return false;
		filler->record->service_name = text;
		return true;
	case ROLE_HOST:
		filler->record->host_name = text;
		return true;
	case ROLE_MESSAGE:
		text = without_line_end(text);
		if (text.len == 0)
			return false;
		filler->record->body = text;
		return true;
	case ROLE_NONE:
	case ROLE_REQUEST_ID:
	case ROLE_TRACE_ID:
	case ROLE_SPAN_ID:
	case ROLE_USER_ID:
	case ROLE_HTTP_STATUS:
	case ROLE_HTTP_METHOD:
	case ROLE_PID:
	case ROLE_COUNT:
	default:
		return false;
	}
}

/* the value under the role's own name, unless the key is that name */
static void add_named(struct role_filler *filler, enum alias_role role,
		      struct slice name, struct slice key, struct slice text)
{
	if (filler->ranks[role] != ALIAS_RANK_NONE || !alias_fits(role, text))
		return;
	filler->ranks[role] = 0;
	if (!slice_equal(name, key))
		record_add_attribute(filler->record, name, text);
}

bool role_fill(struct role_filler *filler, struct slice key, struct slice text)
{
	const struct alias *alias = alias_of_key(key);

	if (alias == NULL || text.len == 0)
		return false;

	struct slice name = alias_attribute(alias->role);

	if (name.len > 0) {
		add_named(filler, alias->role, name, key, text);
		return false;
	}
	if (alias->rank >= filler->ranks[alias->role] || !fill(filler, alias, text))
		return false;
	filler->ranks[alias->role] = alias->rank;
	return alias->rank < ALIAS_RANK_VAGUE;
}

unsigned role_filler_count(const struct role_filler *filler)
{
	unsigned count = 0;

	for (unsigned role = ROLE_NONE + 1; role <= ROLE_HOST; role++)
		count += filler->ranks[role] != ALIAS_RANK_NONE ? 1 : 0;
	return count;
}
