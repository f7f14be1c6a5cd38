/* learner_places.c - bucket keys and thresholds
 *
 * The thresholds are judgements about how log messages are written, measured on public
 * logs; docs/grouping.md gives the figures.
 */
#include "pipeline/learner_places.h"

#include "base/compiler.h"
#include "base/hash64.h"
#include "pipeline/learner_match.h"

bool places_soft(uint8_t class)
{
	return class == TOKEN_INDEXED || class == TOKEN_DOTTED ||
	       class == TOKEN_VALUE || class == TOKEN_NUMBERED;
}

static size_t looked_at(const struct template *template)
{
	return template->count < PLACES_TOKENS_MAX ? template->count
						   : PLACES_TOKENS_MAX;
}

static uint64_t with_variable(const struct template *template, uint64_t hash,
			      size_t index)
{
	return hash - template_position_hash(template->tokens[index].hash, index) +
	       template_position_hash(template_variable_hash(), index);
}

size_t places_of(const struct template *template, struct place places[PLACES_MAX])
{
	uint64_t hash = template->content;
	uint64_t soft_hash = hash;
	struct field_range range = { 0 };
	size_t soft = 0;
	size_t count = 0;
	size_t token = 0;
	bool varies = false;

	for (size_t i = 0; i < looked_at(template); i++) {
		uint8_t class = template->tokens[i].class;

		/* exchanging a variable for one changes nothing: one place for all */
		if (class == TOKEN_VARIABLE && varies)
			continue;
		varies |= class == TOKEN_VARIABLE;
		places[count++] =
			(struct place){ .key = with_variable(template, hash, i),
					.first = (uint16_t)i,
					.count = 1,
					.kind = PLACE_TOKEN,
					.class = class };
		if (places_soft(class)) {
			soft_hash = with_variable(template, soft_hash, i);
			soft++;
		}
	}
	while (token < looked_at(template) &&
	       match_next_field(template, &token, &range) && token <= PLACES_TOKENS_MAX)
		places[count++] =
			(struct place){ .key = template_collapsed_content(
						template, range.first, range.count),
					.first = (uint16_t)range.first,
					.count = (uint16_t)range.count,
					.kind = PLACE_FIELD,
					.class = TOKEN_INDEXED };
	if (soft >= 2)
		places[count++] =
			(struct place){ .key = hash64_mix(soft_hash, PLACE_SOFT),
					.kind = PLACE_SOFT,
					.class = TOKEN_INDEXED };
	return count;
}

static bool counts_as_constant(uint8_t class)
{
	return class != TOKEN_VARIABLE && class != TOKEN_VALUE && class != TOKEN_KEYS;
}

size_t places_constants(const struct template *template)
{
	size_t constants = 0;

	for (size_t i = 0; i < template->count; i++) {
		uint8_t class = template->tokens[i].class;

		constants += counts_as_constant(class);
	}
	return constants;
}

static size_t constants_left(const struct template *template, const struct place *place)
{
	size_t constants = places_constants(template);

	if (place->kind == PLACE_SOFT) {
		constants = 0;
		for (size_t i = 0; i < template->count; i++)
			constants += template->tokens[i].class == TOKEN_WORD ||
				     template->tokens[i].class == TOKEN_NAME;
		return constants;
	}
	for (size_t i = place->first; i < place->first + (size_t)place->count; i++) {
		uint8_t class = template->tokens[i].class;

		constants -= counts_as_constant(class);
	}
	return constants;
}

static bool behind_user(const struct template *template, size_t index)
{
	static const char *const words[] = { "user", "username", "account", "host",
					     "hostname" };

	if (index == 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_equal_nocase(template_text(template, index - 1),
				       slice_str(words[i])))
			return true;
	}
	return false;
}

static unsigned needed_of_classes(const struct template *template,
				  const struct place *place, unsigned classes)
{
	unsigned constants = classes & ~(1u << TOKEN_VARIABLE);

	if (place->first == 0 &&
	    (classes & (1u << TOKEN_WORD | 1u << TOKEN_INDEXED)) != 0)
		return 10;
	if ((classes & 1u << TOKEN_WORD) != 0)
		return behind_user(template, place->first) ? 3 : 5;
	if ((classes & 1u << TOKEN_VALUE) != 0)
		return 4;
	if (constants == 1u << TOKEN_NUMBERED)
		return 2;
	if (constants == 1u << TOKEN_DOTTED)
		return place->first > 0 && constants_left(template, place) >= 2 ? 2 : 3;
	return 4;
}

unsigned places_needed(const struct template *template, const struct place *place,
		       const struct learner_bucket *bucket)
{
	unsigned classes = bucket->classes;
	size_t constants = constants_left(template, place);
	unsigned needed = 4;

	if (constants == 0 || (classes & 1u << TOKEN_NAME) != 0)
		return PLACE_NEVER;
	if (place->kind != PLACE_SOFT) {
		if ((classes & 1u << TOKEN_VARIABLE) != 0 && constants >= 2)
			return 2;
		needed = needed_of_classes(template, place, classes);
	}
	return constants < 2 && needed < 8 ? 8 : needed;
}

void places_wild(const struct template *template, const struct place *place,
		 uint64_t wild[WILD_WORDS])
{
	memset(wild, 0, WILD_WORDS * sizeof(*wild));
	if (place->kind != PLACE_SOFT) {
		wild_add(wild, place->first);
		return;
	}
	for (size_t i = 0; i < looked_at(template); i++) {
		if (places_soft(template->tokens[i].class))
			wild_add(wild, i);
	}
}
