/* options.h - typed option tables: reading YAML into a struct, and describing
 * themselves
 *
 * Threads: start-up only. Owner: options_free frees the strings and lists of the
 * struct. Limits: each option's own bounds; lists hold at most OPTION_LIST_MAX items.
 *
 * Strings may hold ${NAME}, which is replaced by that environment variable; a variable
 * that is not set is an error.
 */
#ifndef SIFTD_DAEMON_OPTIONS_H
#define SIFTD_DAEMON_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/yaml.h"

#define OPTION_LIST_MAX 256

enum option_type {
	OPTION_STRING,   /* char *, NULL when absent and without default */
	OPTION_CHOICE,   /* char *, one of `choices` ("a|b|c") */
	OPTION_LIST,     /* struct option_list, a sequence or one scalar */
	OPTION_MAP,      /* struct option_map, a mapping of plain values */
	OPTION_INT,      /* int64_t */
	OPTION_BYTES,    /* int64_t, "64MB" */
	OPTION_DURATION, /* int64_t microseconds, "30s" */
	OPTION_BOOL      /* bool */
};

struct option_list {
	char **items; /* NULL-terminated */
	size_t count;
};

struct option_map {
	struct option_list names;
	struct option_list values; /* as many */
};

struct config_option {
	const char *key; /* dotted: http.listen */
	enum option_type type;
	unsigned applies; /* the caller's mask: which kinds of object know the option */
	size_t offset;    /* into the struct */
	const char *fallback; /* as written in YAML; NULL: absent */
	int64_t min, max;     /* of numbers */
	const char *choices;
	const char *help; /* one line */
};

/* what is read */
struct option_text {
	const struct yaml_doc *doc;
	const struct yaml_node *mapping; /* NULL: defaults only */
	unsigned kind;
};

struct option_table {
	const struct config_option *options;
	size_t count;
	/* a key that the caller reads itself (the list of sources); may be NULL */
	const char *foreign_key;
};

/* sets the defaults, then what the mapping says; options whose `applies` shares no bit
 * with text->kind are unknown (kind 0: all are known) */
MUST_CHECK int options_read(const struct option_table *table,
			    const struct option_text *text, void *target,
			    struct error *error);
void options_free(const struct option_table *table, void *target);
/* the table as a commented YAML file of defaults, each line behind `indent` */
void options_describe(const struct option_table *table, unsigned kind,
		      const char *indent, struct buf *out);

#endif
