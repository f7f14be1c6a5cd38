/* block_sql.h - blocks of project 1 as SQL, for tests that store some */
#ifndef SIFTD_TESTS_BLOCK_SQL_H
#define SIFTD_TESTS_BLOCK_SQL_H

#include "base/buf.h"
#include "pipeline/block.h"

/* ", '\\x...'" */
static inline void append_hex(struct buf *sql, const struct buf *bytes)
{
	buf_append_str(sql, ", '\\x");
	for (size_t i = 0; i < bytes->len; i++)
		buf_printf(sql, "%02x", (unsigned char)bytes->data[i]);
	buf_append_char(sql, '\'');
}

static inline void append_block(struct buf *sql, int64_t ingestion_id,
				int64_t first_seq, const struct block_encoded *encoded)
{
	buf_printf(sql,
		   "INSERT INTO siftd.event_blocks VALUES (1, %lld, %lld, %u,"
		   " '2026-11-%02u', %lld, %lld, 0, %llu, '{",
		   (long long)ingestion_id, (long long)first_seq, encoded->count,
		   (unsigned)(1 + first_seq % 3), (long long)encoded->timestamp_min_us,
		   (long long)encoded->timestamp_max_us,
		   (unsigned long long)encoded->raw_bytes);
	for (unsigned i = 0; i < SEVERITY_COUNT; i++)
		buf_printf(sql, "%s%u", i > 0 ? "," : "", encoded->severities[i]);
	buf_append_str(sql, "}', '{");
	for (size_t i = 0; i < encoded->template_keys_count; i++)
		buf_printf(sql, "%s%lld", i > 0 ? "," : "",
			   (long long)encoded->template_keys[i]);
	buf_append_str(sql, "}'");
	append_hex(sql, &encoded->meta);
	append_hex(sql, &encoded->body);
	append_hex(sql, &encoded->words);
	buf_append_str(sql, ");\n");
}

#endif
