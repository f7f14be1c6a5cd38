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

/* a text of one token is a place already */
static void set_tail(struct place *places, size_t count, size_t token)
{
	for (size_t i = count; i > 0; i--) {
		if (places[i - 1].kind == PLACE_TOKEN && places[i - 1].first == token)
			places[i - 1].kind = PLACE_TAIL;
	}
}

size_t places_of(const struct template *template, struct place places[PLACES_MAX])
{
	uint64_t hash = template->content;
	uint64_t soft_hash = hash;
	struct field_walk walk = { 0 };
	struct tail_walk tail = { 0 };
	size_t soft = 0;
	size_t count = 0;
	bool varies = false;

	for (size_t i = 0; i < looked_at(template); i++) {
		uint8_t class = template->tokens[i].class;

		/* exchanging a variable for one changes nothing: one place for all */
		if (class == TOKEN_VARIABLE && varies)
			continue;
		varies |= class == TOKEN_VARIABLE;
		places[count++] = (struct place){ .key = template_content_without(
							  template, hash, i),
						  .first = (uint16_t)i,
						  .count = 1,
						  .kind = PLACE_TOKEN,
						  .class = class };
		if (places_soft(class)) {
			soft_hash = template_content_without(template, soft_hash, i);
			soft++;
		}
	}
	while (walk.next < looked_at(template) && match_next_field(template, &walk) &&
	       walk.next <= PLACES_TOKENS_MAX)
		places[count++] = (struct place){ .key = walk.content,
						  .first = (uint16_t)walk.first,
						  .count = (uint16_t)walk.count,
						  .kind = PLACE_FIELD,
						  .class = TOKEN_INDEXED };
	for (size_t i = 0; i < PLACES_TAILS_MAX && match_next_tail(template, &tail);
	     i++) {
		if (tail.count == 1) {
			set_tail(places, count, tail.first);
			continue;
		}
		places[count++] = (struct place){ .key = tail.content,
						  .first = (uint16_t)tail.first,
						  .count = (uint16_t)tail.count,
						  .kind = PLACE_TAIL,
						  .class = TOKEN_REST };
	}
	if (soft >= 2)
		places[count++] =
			(struct place){ .key = hash64_mix(soft_hash, PLACE_SOFT),
					.kind = PLACE_SOFT,
					.class = TOKEN_INDEXED };
	return count;
}

static size_t constants_left(const struct template *template, const struct place *place)
{
	size_t constants = template->constants;

	if (place->kind == PLACE_SOFT)
		return template->words;
	for (size_t i = place->first; i < place->first + (size_t)place->count; i++)
		constants -= template_is_constant(template->tokens[i].class);
	return constants;
}

/* words that a name follows, of what they name */
static const char *const kinds[] = {
	"account",   "app",     "application", "branch",    "bucket",   "called",
	"channel",   "cluster", "command",     "container", "customer", "database",
	"db",        "dev",     "device",      "directory", "disk",     "domain",
	"drive",     "driver",  "file",        "group",     "host",     "hostname",
	"image",     "index",   "interface",   "job",       "keyspace", "login",
	"module",    "name",    "named",       "namespace", "node",     "package",
	"partition", "peer",    "plugin",      "pod",       "pool",     "profile",
	"program",   "queue",   "repository",  "role",      "server",   "table",
	"task",      "tenant",  "topic",       "user",      "username", "volume",
	"worker",    "zone",
};

static bool behind_kind(const struct template *template, size_t index)
{
	for (size_t i = 0; index > 0 && i < ARRAY_LEN(kinds); i++) {
		if (slice_equal_nocase(template_text(template, index - 1),
				       slice_str(kinds[i])))
			return true;
	}
	return false;
}

/* A word: the more of the message is the same, the less it takes. What stands behind a
 * colon at the end is as a rule another's text. */
static unsigned needed_of_words(const struct template *template,
				const struct place *place)
{
	size_t constants = constants_left(template, place);

	if (place->kind == PLACE_TAIL || behind_kind(template, place->first) ||
	    constants >= 8)
		return 3;
	return constants >= 4 ? 4 : 5;
}

static unsigned needed_of_classes(const struct template *template,
				  const struct place *place, unsigned classes)
{
	unsigned constants = classes & ~(1u << TOKEN_VARIABLE);

	if (place->first == 0 && (classes & 1u << TOKEN_WORD) != 0)
		return 10;
	if ((classes & (1u << TOKEN_WORD | 1u << TOKEN_REST)) != 0)
		return needed_of_words(template, place);
	if ((classes & 1u << TOKEN_VALUE) != 0)
		return 2;
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
		if ((classes & 1u << TOKEN_VARIABLE) != 0 && constants >= 2 &&
		    place->kind != PLACE_TAIL)
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
