/* yaml.h - a YAML document as a tree of untyped nodes that know their place
 *
 * Threads: one owner at a time. Owner: yaml_doc_free frees the tree; nodes and slices
 *          borrow from it.
 * Limits: YAML_BYTES_MAX of input, YAML_DEPTH_MAX levels, YAML_NODES_MAX nodes; beyond:
 * an error. Anchors, aliases, tags and merge keys are refused, duplicate keys too.
 *
 * Scalars stay text: what `no` or `1e3` means is the reader's decision. YAML 1.1 as
 * libyaml reads it. Errors begin with "name:line:column: ".
 */
#ifndef SIFTD_BASE_YAML_H
#define SIFTD_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"

#define YAML_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 200000

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	bool plain;        /* scalar without quotes: may mean null, a number, a flag */
	unsigned line;     /* 1-based; inside a mapping, of the key */
	unsigned column;   /* 1-based */
	struct slice key;  /* inside a mapping */
	struct slice text; /* scalar */
	struct yaml_node *first_child;
	struct yaml_node *next;
};

struct yaml_doc {
	const char *name;       /* of the file, for messages */
	struct yaml_node *root; /* NULL when the document is empty */
	struct yaml_doc *next;  /* a stream may hold several documents */
};

/* name is copied; *out is the list of documents, NULL for an empty stream or after an
 * error */
MUST_CHECK int yaml_parse(struct slice text, const char *name, struct yaml_doc **out,
			  struct error *error);
/* reads the whole file first */
MUST_CHECK int yaml_parse_file(const char *path, struct yaml_doc **out,
			       struct error *error);
void yaml_docs_free(struct yaml_doc **docs);

/* the mapping's child of that key, or NULL */
const struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key);
/* fills "name:line:column: text", without the place when node is NULL; always -1 */
int yaml_error(const struct yaml_doc *doc, const struct yaml_node *node,
	       struct error *error, const char *format, ...) PRINTF_LIKE(4, 5);

/* typed readings of a scalar, quoted or not; the error names its place. Flags are true,
 * false, yes, no, on, off */
MUST_CHECK int yaml_read_int(const struct yaml_doc *doc, const struct yaml_node *node,
			     int64_t *out, struct error *error);
MUST_CHECK int yaml_read_bool(const struct yaml_doc *doc, const struct yaml_node *node,
			      bool *out, struct error *error);
/* "500ms", "30s", "5m", "2h", "7d"; plain numbers are refused; in microseconds */
MUST_CHECK int yaml_read_duration_us(const struct yaml_doc *doc,
				     const struct yaml_node *node, int64_t *out,
				     struct error *error);
/* "64k", "16MB", "1GiB", plain bytes; k, M, G are powers of 1024 */
MUST_CHECK int yaml_read_bytes(const struct yaml_doc *doc, const struct yaml_node *node,
			       int64_t *out, struct error *error);

#endif
