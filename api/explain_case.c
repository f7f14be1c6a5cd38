/* explain_case.c - the sections of an explanation */
#include "api/explain_case.h"

#include "base/compiler.h"

static const struct explain_section group_sections[] = {
	{ "summary", "Summary", "what these events say, in one or two sentences", 1, 2,
	  true, false },
	{ "known", "What we know from evidence", "facts that the events show", 1, 8,
	  true, false },
	{ "causes", "Likely causes",
	  "causes, the likeliest first; confidence says how well the events support "
	  "each; none where they support none",
	  0, 3, true, true },
	{ "checks", "Next checks", "what to look at next, most telling first", 5, 8,
	  false, false },
	{ "mitigations", "Mitigations", "what lessens the harm now", 0, 6, false,
	  false },
	{ "fixes", "Longer-term fixes", "what keeps it from coming back", 0, 6, false,
	  false },
};

static const struct explain_section finding_sections[] = {
	{ "meaning", "What this finding means", "in one or two sentences", 1, 2, true,
	  false },
	{ "why", "Why it was flagged",
	  "what in the events met the rule; compare the fingerprints; say when the "
	  "rule is a generic, broad one",
	  1, 4, true, false },
	{ "impact", "Severity and impact",
	  "who or what suffers, as far as the events show; the severity is given, do "
	  "not judge it anew",
	  1, 4, true, false },
	{ "steps", "Debugging steps", "in the order to take them", 5, 8, false, false },
	{ "quick_fixes", "Quick fixes", "what helps now", 0, 6, false, false },
	{ "durable_fixes", "Durable fixes", "what keeps it from coming back", 0, 6,
	  false, false },
};

const struct explain_section *explain_sections(enum explain_kind kind, size_t *count)
{
	if (kind == EXPLAIN_GROUP) {
		*count = ARRAY_LEN(group_sections);
		return group_sections;
	}
	*count = ARRAY_LEN(finding_sections);
	return finding_sections;
}

static struct slice copy(struct arena *arena, struct slice text)
{
	return text.ptr == NULL ? text : arena_dup(arena, text);
}

void explain_case_copy(const struct explain_case *from, struct arena *arena,
		       struct explain_case *to)
{
	*to = *from;
	to->facts = copy(arena, from->facts);
	for (size_t i = 0; i < from->events_count; i++) {
		struct explain_event *event = &to->events[i];

		event->time = copy(arena, event->time);
		event->level = copy(arena, event->level);
		event->service = copy(arena, event->service);
		event->text = copy(arena, event->text);
	}
}
