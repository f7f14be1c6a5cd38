/* rules_image.c - the databases of a set of rules as bytes, to be kept
 *
 *	header | zstd frame of: RULES_DATABASES times (uint64_t length | database)
 *
 * The length is 0 for a database that is absent. Numbers are in the order of the
 * machine: the databases are of it, too. Vectorscan would follow offsets in damaged
 * bytes, so nothing is given to it before the checksum over everything has been
 *compared.
 */
#include <stdlib.h>
#include <zstd.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/rules_databases.h"

#define ZSTD_LEVEL 3

struct image_header {
	char magic[8]; /* the last one is the version */
	uint64_t checksum;
	struct rules_key key;
};

static const char magic[8] = "siftrul1";

static uint64_t checksum_of(const struct rules_key *key, struct slice frame)
{
	return hash64_mix(hash64_mix(hash64(frame, 0), key->words[0]), key->words[1]);
}

void rules_free_databases(hs_database_t *databases[RULES_DATABASES])
{
	for (size_t i = 0; i < RULES_DATABASES; i++) {
		(void)hs_free_database(databases[i]); /* NULL is fine */
		databases[i] = NULL;
	}
}

/* takes the next database off the front; one that is absent counts too */
static bool read_database(struct slice *bytes, hs_database_t **database)
{
	uint64_t len = 0;

	if (bytes->len < sizeof(len))
		return false;
	memcpy(&len, bytes->ptr, sizeof(len));
	*bytes = slice_from(*bytes, sizeof(len));
	if (len > bytes->len)
		return false;
	if (len > 0 &&
	    hs_deserialize_database(bytes->ptr, (size_t)len, database) != HS_SUCCESS)
		return false;
	*bytes = slice_from(*bytes, (size_t)len);
	return true;
}

static bool read_databases(struct slice bytes,
			   hs_database_t *databases[RULES_DATABASES])
{
	bool good = true;

	for (size_t i = 0; i < RULES_DATABASES && good; i++)
		good = read_database(&bytes, &databases[i]);
	good = good && bytes.len == 0 && databases[RULES_EXACT] != NULL;
	if (!good)
		rules_free_databases(databases);
	return good;
}

bool rules_image_read(struct slice image, const struct rules_key *key,
		      hs_database_t *databases[RULES_DATABASES])
{
	struct image_header header = { 0 };
	struct slice frame = { 0 };
	unsigned long long len = 0;
	char *bytes = NULL;
	bool good = false;

	if (image.len <= sizeof(header) || image.len > RULES_IMAGE_MAX)
		return false;
	memcpy(&header, image.ptr, sizeof(header));
	frame = slice_from(image, sizeof(header));
	if (memcmp(header.magic, magic, sizeof(magic)) != 0 ||
	    memcmp(&header.key, key, sizeof(*key)) != 0 ||
	    header.checksum != checksum_of(key, frame))
		return false;
	len = ZSTD_getFrameContentSize(frame.ptr, frame.len);
	if (len == 0 || len > RULES_IMAGE_MAX) /* an error is a huge length */
		return false;
	bytes = mem_alloc((size_t)len);
	if (ZSTD_decompress(bytes, (size_t)len, frame.ptr, frame.len) == len)
		good = read_databases((struct slice){ bytes, (size_t)len }, databases);
	mem_free(bytes);
	return good;
}

static bool append_database(struct buf *out, const hs_database_t *database)
{
	char *bytes = NULL;
	size_t len = 0;
	uint64_t stored_len = 0;

	if (database != NULL &&
	    hs_serialize_database(database, &bytes, &len) != HS_SUCCESS)
		return false;
	stored_len = len;
	buf_append(out, &stored_len, sizeof(stored_len));
	buf_append(out, bytes, len);
	free(bytes); /* Vectorscan's allocator is malloc: no other one is set */
	return out->len <= RULES_IMAGE_MAX;
}

static void append_image(struct buf *out, const struct rules_key *key,
			 struct slice databases)
{
	struct image_header header = { .key = *key };
	size_t at = out->len + sizeof(header);
	size_t bound = ZSTD_compressBound(databases.len);
	size_t len = 0;

	buf_reserve(out, sizeof(header) + bound);
	len = ZSTD_compress(out->data + at, bound, databases.ptr, databases.len,
			    ZSTD_LEVEL);
	if (ZSTD_isError(len) != 0 || sizeof(header) + len > RULES_IMAGE_MAX)
		return;
	memcpy(header.magic, magic, sizeof(magic));
	header.checksum = checksum_of(key, (struct slice){ out->data + at, len });
	memcpy(out->data + out->len, &header, sizeof(header));
	out->len = at + len;
}

void rules_image(const struct rules *rules, struct buf *out)
{
	struct buf databases = { 0 };
	bool good = rules->patterns_count > 0;

	for (size_t i = 0; i < RULES_DATABASES && good; i++)
		good = append_database(&databases, rules->databases[i]);
	if (good)
		append_image(out, &rules->key, buf_slice(&databases));
	buf_deinit(&databases);
}
