/* learner_adopt.c - two daemons may have seen the two halves of a group: one knows the
 * leaf, the other the template that covers it. All entries are looked at, as covered
 * leaves need not be in a guard any more; it is rare.
 */
#include "pipeline/learner_adopt.h"

#include "pipeline/learner_apply.h"
#include "pipeline/learner_match.h"

static const char reason[] =
	"another daemon learned a template that covers what was seen here";

static void unite_covered(struct learner *learner, uint32_t general)
{
	const struct template *template = learner->store.entries[general].template;

	for (uint32_t slot = 0; slot < learner->store.entries_count; slot++) {
		const struct learner_entry *entry = &learner->store.entries[slot];

		if (slot != general && entry->order != 0 && !entry->generalised &&
		    match_covers(template, entry->template))
			apply_unite(learner, slot, general, reason);
	}
}

static bool is_alone(struct learner *learner, uint32_t slot)
{
	const struct learner_entry *entry = &learner->store.entries[slot];

	return entry->parent == slot && entry->children == 0;
}

/* free text takes what has no group of its own only */
static void unite_covering(struct learner *learner, uint32_t leaf)
{
	uint32_t general = match_find(learner, learner->store.entries[leaf].template);

	if (general == ENTRY_NONE || general == leaf)
		return;
	if (!template_is_free_text(learner->store.entries[general].template) ||
	    is_alone(learner, leaf))
		apply_unite(learner, leaf, general, reason);
}

void adopt_unite(struct learner *learner, uint32_t slot)
{
	const struct learner_entry *entry = &learner->store.entries[slot];

	if (!entry->generalised)
		unite_covering(learner, slot);
	else if (!template_is_free_text(entry->template))
		unite_covered(learner, slot);
}
