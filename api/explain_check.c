/* explain_check.c - claim by claim, citation by citation */
#include "api/explain_check.h"

#include <jansson.h>
#include <string.h>

#include "base/json_out.h"

#define COMPLAINT_MAX 4000

struct checking {
	const struct explain_case *subject;
	struct explain_verdict *verdict;
	struct json_out out;
	struct buf *complaint;
	bool cited[EXPLAIN_EVENTS_MAX];
};

double explain_share(const struct explain_verdict *verdict)
{
	if (verdict->claims == 0)
		return 1;
	return (double)verdict->verified / verdict->claims;
}

static struct slice text_of(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return (struct slice){ 0 };
	return slice_of(json_string_value(value), json_string_length(value));
}

/* at most `max` bytes of UTF-8, whole characters */
static struct slice cut(struct slice text, size_t max)
{
	if (text.len <= max)
		return text;
	while (max > 0 && ((unsigned char)text.ptr[max] & 0xC0u) == 0x80u)
		max--;
	return slice_head(text, max);
}

/* EXPLAIN_EVENTS_MAX: none has it */
static size_t find_event(const struct explain_case *subject, int64_t seq)
{
	for (size_t i = 0; i < subject->events_count; i++) {
		if (subject->events[i].seq == seq)
			return i;
	}
	return EXPLAIN_EVENTS_MAX;
}

static void complain(struct checking *checking, const char *what, struct slice text)
{
	if (checking->complaint->len > COMPLAINT_MAX)
		return;
	buf_append_str(checking->complaint, what);
	buf_append_slice(checking->complaint, cut(text, 200));
	buf_append_char(checking->complaint, '\n');
}

static bool citation_holds(struct checking *checking, json_t *citation, size_t *event)
{
	json_t *seq = json_object_get(citation, "seq");
	struct slice quote = text_of(citation, "quote");

	*event = json_is_integer(seq)
			 ? find_event(checking->subject, json_integer_value(seq))
			 : EXPLAIN_EVENTS_MAX;
	if (*event == EXPLAIN_EVENTS_MAX) {
		complain(checking,
			 "- a citation names a seq that was not shown, with: ", quote);
		return false;
	}
	if (quote.len < EXPLAIN_QUOTE_MIN ||
	    memmem(checking->subject->events[*event].text.ptr,
		   checking->subject->events[*event].text.len, quote.ptr,
		   quote.len) == NULL) {
		complain(checking,
			 "- this quote is not in the event it cites: ", quote);
		return false;
	}
	return true;
}

/* those that hold; *all: every one did, and there was one */
static void write_citations(struct checking *checking, json_t *citations, bool *all)
{
	size_t count = json_array_size(citations);

	*all = count > 0 && count <= EXPLAIN_CITATIONS_MAX;
	json_array_begin(&checking->out);
	for (size_t i = 0; i < count && i < EXPLAIN_CITATIONS_MAX; i++) {
		json_t *citation = json_array_get(citations, i);
		size_t event = 0;

		if (!citation_holds(checking, citation, &event)) {
			*all = false;
			continue;
		}
		checking->cited[event] = true;
		json_object_begin(&checking->out);
		json_key_int(&checking->out, "seq",
			     checking->subject->events[event].seq);
		json_key_string(&checking->out, "quote", text_of(citation, "quote"));
		json_object_end(&checking->out);
	}
	json_array_end(&checking->out);
}

static int64_t read_digits(const char **at, const char *end)
{
	int64_t value = 0;

	while (*at < end && **at >= '0' && **at <= '9' && value < INT64_MAX / 10 - 10)
		value = value * 10 + (*(*at)++ - '0');
	return value;
}

/* the text speaks of "seq N", for an N that was not shown */
static bool names_unknown_seq(const struct checking *checking, struct slice text)
{
	const char *at = text.ptr;
	const char *end = text.ptr + text.len;

	if (text.len == 0)
		return false;
	while ((at = memmem(at, (size_t)(end - at), "seq", 3)) != NULL) {
		at += 3;
		while (at < end && strchr(" :#=", *at) != NULL && *at != '\0')
			at++;
		if (at < end && *at >= '0' && *at <= '9' &&
		    find_event(checking->subject, read_digits(&at, end)) ==
			    EXPLAIN_EVENTS_MAX)
			return true;
	}
	return false;
}

static void write_confidence(struct checking *checking, json_t *claim)
{
	json_t *confidence = json_object_get(claim, "confidence");
	json_int_t value = json_integer_value(confidence);

	json_key(&checking->out, "confidence");
	if (!json_is_integer(confidence) || value < 0 || value > 100)
		json_out_null(&checking->out);
	else
		json_int(&checking->out, value);
}

static void write_claim(struct checking *checking, json_t *claim,
			const struct explain_section *section)
{
	struct slice text = cut(text_of(claim, "text"), EXPLAIN_CLAIM_MAX);
	json_t *citations = json_object_get(claim, "citations");
	bool verified = false;

	json_object_begin(&checking->out);
	json_key_string(&checking->out, "text", text);
	if (section->has_confidence)
		write_confidence(checking, claim);
	json_key(&checking->out, "citations");
	write_citations(checking, citations, &verified);
	if (names_unknown_seq(checking, text)) {
		complain(checking,
			 "- this text names a seq that was not shown: ", text);
		verified = false;
	}
	if (section->needs_evidence && json_array_size(citations) == 0)
		complain(checking, "- this claim has no citation: ", text);
	json_key(&checking->out, "verified");
	if (section->needs_evidence || json_array_size(citations) > 0)
		json_bool(&checking->out, verified);
	else
		json_out_null(&checking->out);
	json_object_end(&checking->out);
	if (section->needs_evidence) {
		checking->verdict->claims++;
		checking->verdict->verified += verified;
	}
}

static void write_section(struct checking *checking, json_t *answer,
			  const struct explain_section *section)
{
	json_t *claims = json_object_get(answer, section->id);
	size_t count = json_array_size(claims);
	unsigned written = 0;

	json_object_begin(&checking->out);
	json_key_string(&checking->out, "id", slice_str(section->id));
	json_key_string(&checking->out, "title", slice_str(section->title));
	json_key(&checking->out, "claims");
	json_array_begin(&checking->out);
	for (size_t i = 0; i < count && written < section->max; i++) {
		json_t *claim = json_array_get(claims, i);

		if (text_of(claim, "text").len == 0)
			continue;
		write_claim(checking, claim, section);
		written++;
	}
	json_array_end(&checking->out);
	json_object_end(&checking->out);
	if (written >= section->min)
		return;
	checking->verdict->missing += section->min - written;
	complain(checking, "- too few items in: ", slice_str(section->id));
}

static void write_cited(struct checking *checking)
{
	json_key(&checking->out, "evidence_cited");
	json_array_begin(&checking->out);
	for (size_t i = 0; i < checking->subject->events_count; i++) {
		if (checking->cited[i])
			json_int(&checking->out, checking->subject->events[i].seq);
	}
	json_array_end(&checking->out);
}

/* models put words or a fence around what they were asked for */
static json_t *load(struct slice answer)
{
	const char *begin = memchr(answer.ptr, '{', answer.len);
	const char *end = memrchr(answer.ptr, '}', answer.len);
	json_t *loaded = NULL;

	if (begin == NULL || end == NULL || end < begin)
		return NULL;
	loaded = json_loadb(begin, (size_t)(end - begin) + 1, 0, NULL);
	if (!json_is_object(loaded)) {
		json_decref(loaded);
		return NULL;
	}
	return loaded;
}

int explain_check(const struct explain_case *subject, struct slice answer,
		  struct explain_verdict *verdict, struct buf *content,
		  struct buf *complaint)
{
	struct checking checking = { .subject = subject,
				     .verdict = verdict,
				     .out = json_out_init(content),
				     .complaint = complaint };
	size_t count = 0;
	const struct explain_section *sections =
		explain_sections(subject->kind, &count);
	json_t *loaded = answer.len == 0 ? NULL : load(answer);

	*verdict = (struct explain_verdict){ 0 };
	if (loaded == NULL) {
		buf_append_str(complaint, "- it is not one JSON object\n");
		return -1;
	}
	json_object_begin(&checking.out);
	json_key(&checking.out, "sections");
	json_array_begin(&checking.out);
	for (size_t i = 0; i < count; i++)
		write_section(&checking, loaded, &sections[i]);
	json_array_end(&checking.out);
	write_cited(&checking);
	json_key(&checking.out, "verified_share");
	json_double(&checking.out, explain_share(verdict), 3);
	json_object_end(&checking.out);
	json_decref(loaded);
	return 0;
}
