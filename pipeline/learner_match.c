/* learner_match.c - content hashes and matching against generalised templates */
#include "pipeline/learner_match.h"

#include "base/hash64.h"

#define FIELD_TOKENS_MAX 4
#define TAIL_TOKENS_MAX 16
/* no text begins behind so many tokens */
#define TAIL_HEAD_MAX 64
/* words in front of the colon and behind the one before: a name alone says who speaks,
 * and not what about */
#define TAIL_WORDS_MIN 2

uint64_t match_guard_key(const struct template *template)
{
	return template->count == 0
		       ? 0
		       : hash64_mix(template->tokens[0].hash, template->count);
}

uint64_t match_shape(const struct template *template)
{
	uint64_t shape = template->count;

	for (size_t i = 0; i < template->count; i++) {
		const struct template_token *token = &template->tokens[i];

		shape = hash64_mix(shape, token->class);
		if (token->class == TOKEN_REST)
			shape = hash64_mix(shape, token->field);
	}
	return shape;
}

/* key:1 or space....1: the word names the value, and is no part of it */
static bool is_labelled(const struct template *template, size_t first)
{
	const struct template_token *next = &template->tokens[first + 1];
	char gap = ' ';

	if (next->gap_len > 0)
		gap = template->bytes[next->gap];
	return template->tokens[first].class == TOKEN_WORD &&
	       (gap == ':' || gap == '=' || gap == '.');
}

/* the position hashes of tokens [from, end) */
static uint64_t hash_of_range(const struct template *template, size_t from, size_t end)
{
	uint64_t hash = 0;

	for (size_t i = end; i > from; i--)
		hash = template_position_hash(hash, 1) + template->tokens[i - 1].hash;
	return template_position_hash(hash, from);
}

/* of the tokens behind [first, end), which became one */
static uint64_t hash_of_rest(const struct template *template, size_t first, size_t end)
{
	uint64_t hash = 0;

	for (size_t i = end; i < template->count; i++)
		hash += template_position_hash(template->tokens[i].hash,
					       first + 1 + i - end);
	return hash;
}

bool match_next_field(const struct template *template, struct field_walk *walk)
{
	while (walk->next < template->count) {
		size_t first = walk->next;
		size_t end = first;
		uint64_t before = walk->before;
		bool varies = false;

		while (end < template->count &&
		       template->tokens[end].field == template->tokens[first].field) {
			varies |= template->tokens[end].class == TOKEN_VARIABLE;
			end++;
		}
		walk->next = end;
		walk->before += hash_of_range(template, first, end);
		if (varies && end - first >= 2 && end - first <= FIELD_TOKENS_MAX &&
		    !is_labelled(template, first)) {
			walk->first = first;
			walk->count = end - first;
			walk->content =
				before +
				template_position_hash(template_variable_hash(),
						       first) +
				template_shifted_hash(template->content - walk->before,
						      end - first - 1);
			return true;
		}
	}
	return false;
}

/* as much of the gap as an outline has */
static struct slice outlined_gap(const struct template *template, size_t index)
{
	const struct template_token *token = &template->tokens[index];

	return slice_head(slice_of(template->bytes + token->gap, token->gap_len),
			  OUTLINE_GAP);
}

/* ": " in front of the token, or `): "` and the like */
static bool stands_behind_colon(const struct template *template, size_t index)
{
	struct slice gap = outlined_gap(template, index);

	for (size_t i = 1; i < gap.len; i++) {
		if (gap.ptr[i - 1] == ':' && gap.ptr[i] == ' ')
			return true;
	}
	return false;
}

/* a word that is no label between brackets: <info> (eth0) */
static bool is_said(const struct template *template, size_t index)
{
	struct slice gap = outlined_gap(template, index);

	char before = ' ';

	if (gap.len > 0)
		before = gap.ptr[gap.len - 1];
	return template->tokens[index].class == TOKEN_WORD && before != '<' &&
	       before != '(' && before != '[' && before != '{';
}

/* where the message ends: keys and frames follow */
static size_t message_end(const struct template *template)
{
	size_t end = template->count;

	while (end > 0 && (template->tokens[end - 1].class == TOKEN_KEYS ||
			   template->tokens[end - 1].class == TOKEN_NAME))
		end--;
	return end;
}

static uint64_t tail_key(uint64_t content)
{
	return hash64_mix(content, TOKEN_REST);
}

uint64_t match_content_key(const struct template *template)
{
	return template_opening(template) == SIZE_MAX ? template->content
						      : tail_key(template->content);
}

/* words and names: where values stand, or brackets part the text, a statement of its
 * own was printed */
static bool is_phrase(const struct template *template, size_t index)
{
	uint8_t class = template->tokens[index].class;
	struct slice gap = outlined_gap(template, index);

	for (size_t i = 0; i < gap.len; i++) {
		if (gap.ptr[i] == '=' || gap.ptr[i] == '[')
			return false;
	}
	return class != TOKEN_VARIABLE && class != TOKEN_NUMBERED;
}

/* where the words begin that the message ends with */
static size_t phrase_begin(const struct template *template, size_t end)
{
	size_t at = end;

	while (at > 0 && end - at < TAIL_TOKENS_MAX && is_phrase(template, at - 1))
		at--;
	return at;
}

/* said between the colon before and the one in front of the token */
static size_t words_of_clause(const struct template *template, size_t index)
{
	size_t words = 0;

	for (size_t at = index; at > 0; at--) {
		words += is_said(template, at - 1);
		if (stands_behind_colon(template, at - 1))
			break;
	}
	return words;
}

bool match_next_tail(const struct template *template, struct tail_walk *walk)
{
	size_t end = message_end(template);

	if (walk->next == 0)
		walk->next = phrase_begin(template, end);
	while (walk->next < end && walk->next < TAIL_HEAD_MAX) {
		size_t at = walk->next++;

		if (!stands_behind_colon(template, at) ||
		    words_of_clause(template, at) < TAIL_WORDS_MIN)
			continue;
		walk->first = at;
		walk->count = end - at;
		walk->content = hash_of_range(template, 0, at) +
				template_position_hash(template_variable_hash(), at) +
				hash_of_rest(template, at, end);
		return true;
	}
	return false;
}

bool match_covers(const struct template *general, const struct template *leaf)
{
	uint64_t variable = template_variable_hash();

	if (general->count != leaf->count)
		return false;
	for (size_t i = 0; i < leaf->count; i++) {
		if (general->tokens[i].hash != leaf->tokens[i].hash &&
		    general->tokens[i].hash != variable)
			return false;
	}
	return true;
}

static uint32_t find_in_guard(struct learner *learner, uint64_t key,
			      const struct template *template)
{
	const struct learner_guard *guard = learner_guards_get(&learner->guards, key);

	if (guard == NULL)
		return ENTRY_NONE;
	for (size_t i = 0; i < guard->generalised_count; i++) {
		uint32_t slot = guard->generalised[i];

		if (match_covers(learner->store.entries[slot].template, template))
			return slot;
	}
	return ENTRY_NONE;
}

static uint32_t older(const struct learner *learner, uint32_t a, uint32_t b)
{
	if (a == ENTRY_NONE || b == ENTRY_NONE)
		return a == ENTRY_NONE ? b : a;
	return learner->store.entries[a].order < learner->store.entries[b].order ? a
										 : b;
}

uint32_t match_find(struct learner *learner, const struct template *template)
{
	uint32_t found = ENTRY_NONE;
	struct field_walk walk = { 0 };
	struct tail_walk tail = { 0 };

	if (template->count == 0)
		return ENTRY_NONE;
	found = find_in_guard(learner, match_guard_key(template), template);
	found = older(
		learner, found,
		find_in_guard(learner,
			      hash64_mix(template_variable_hash(), template->count),
			      template));
	while (match_next_field(template, &walk)) {
		const uint64_t *slot = table_get(&learner->by_content, walk.content);

		if (slot != NULL)
			found = older(learner, found, (uint32_t)*slot);
	}
	while (match_next_tail(template, &tail)) {
		const uint64_t *slot =
			table_get(&learner->by_content, tail_key(tail.content));

		if (slot != NULL)
			found = older(learner, found, (uint32_t)*slot);
	}
	if (found == ENTRY_NONE) {
		const uint64_t *slot =
			table_get(&learner->free_text, match_shape(template));

		if (slot != NULL)
			found = (uint32_t)*slot;
	}
	return found;
}
