/* events_sql.c - writing the statements of an event query */
#include "api/events_sql.h"

#include <assert.h>
#include <inttypes.h>

void events_sql_deinit(struct events_sql *sql)
{
	buf_deinit(&sql->text);
	arena_deinit(&sql->arena);
	*sql = (struct events_sql){ 0 };
}

/* the number that the text names it by: $n */
static size_t add_param(struct events_sql *sql, const struct buf *value)
{
	assert(sql->params_count < EVENTS_SQL_PARAMS_MAX);
	sql->params[sql->params_count].value = arena_dup(&sql->arena, buf_slice(value));
	return ++sql->params_count;
}

static size_t add_int(struct events_sql *sql, int64_t value)
{
	struct buf text = { 0 };
	size_t number = 0;

	buf_printf(&text, "%" PRId64, value);
	number = add_param(sql, &text);
	buf_deinit(&text);
	return number;
}

/* hashes are stored as the signed numbers of the same bits */
static size_t add_keys(struct events_sql *sql, const uint64_t *keys, size_t count)
{
	struct buf text = { 0 };
	size_t number = 0;

	buf_append_char(&text, '{');
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s%" PRId64, i > 0 ? "," : "", (int64_t)keys[i]);
	buf_append_char(&text, '}');
	number = add_param(sql, &text);
	buf_deinit(&text);
	return number;
}

static void where_levels(struct events_sql *sql, unsigned levels)
{
	const char *glue = " AND (";

	if (levels == 0)
		return;
	for (unsigned i = 0; i < SEVERITY_COUNT; i++) {
		if ((levels >> i & 1) == 0)
			continue;
		buf_printf(&sql->text, "%sseverities[%u] > 0", glue, i + 1);
		glue = " OR ";
	}
	buf_append_char(&sql->text, ')');
}

static void where_behind(struct events_sql *sql, const struct event_filter *filter)
{
	size_t number = 0;

	if (filter->by_last)
		buf_printf(&sql->text, " AND first_seq <= $%zu::bigint",
			   add_int(sql, filter->last));
	if (!filter->by_seq)
		return;
	number = add_int(sql, filter->behind);
	if (!filter->oldest_first) {
		buf_printf(&sql->text, " AND first_seq < $%zu::bigint", number);
		return;
	}
	/* the first condition is for the index */
	buf_printf(&sql->text,
		   " AND first_seq > $%zu::bigint - %d"
		   " AND first_seq + event_count - 1 > $%zu::bigint",
		   number, BLOCK_EVENTS_MAX, number);
}

static void where_time(struct events_sql *sql, const struct event_filter *filter)
{
	size_t from = 0;
	size_t to = 0;

	if (!filter->by_time)
		return;
	from = add_int(sql, filter->from_us);
	to = add_int(sql, filter->to_us);
	buf_printf(&sql->text,
		   " AND (ts_max >= $%zu::bigint AND ts_min <= $%zu::bigint%s)", from,
		   to, filter->or_observed ? " OR without_ts > 0" : "");
}

static void where_filter(struct events_sql *sql, const struct event_filter *filter)
{
	where_behind(sql, filter);
	/* they are tested in this order: what costs least first, as the blocks of other
	 * times are many
	 */
	where_time(sql, filter);
	where_levels(sql, filter->levels);
	/* The planner may not see the keys: told that they are frequent, it would read
	 * the keys of all blocks, which lie outside of their rows, in place of the
	 * index
	 */
	if (filter->by_template_key && !filter->is_dense)
		buf_printf(&sql->text, " AND template_keys && (SELECT $%zu::bigint[])",
			   add_keys(sql, filter->template_keys,
				    filter->template_keys_count));
}

bool events_sql_by_rare(const struct event_filter *filter)
{
	return filter->by_template_key && filter->text.len == 0 && !filter->is_dense;
}

#define RUNS_SQL                                                                        \
	"CASE WHEN b.ingestion_id = 0 THEN (SELECT string_agg(coalesce(i.id, 0)"        \
	" || ':' || r.n, ' ' ORDER BY r.at)"                                            \
	" FROM unnest(b.run_ingestions, b.run_counts) WITH ORDINALITY AS r (id, n, at)" \
	" LEFT JOIN siftd.ingestions AS i"                                              \
	" ON i.project_id = b.project_id AND i.id = r.id) END"

/* $1 is the project */
static void select_blocks(struct events_sql *sql, const char *whose)
{
	buf_printf(&sql->text,
		   "SELECT first_seq, ingestion_id, event_count, received_day::text,"
		   " octet_length(body), " RUNS_SQL
		   " FROM siftd.event_blocks AS b WHERE project_id = $1::bigint"
		   " AND %s",
		   whose);
}

static void order_blocks(struct events_sql *sql, const struct event_filter *filter,
			 size_t limit)
{
	buf_printf(&sql->text, " ORDER BY first_seq %s LIMIT %zu",
		   filter->oldest_first ? "ASC" : "DESC", limit);
}

/* what belonged to a deleted ingestion may be there for a while */
#define IS_LIVE                                                                        \
	"ingestion_id IN (SELECT id FROM siftd.ingestions WHERE project_id = $1)"

static void blocks_of_project(struct events_sql *sql, const struct event_filter *filter,
			      size_t limit)
{
	select_blocks(sql, "(ingestion_id = 0 OR " IS_LIVE ")");
	where_filter(sql, filter);
	order_blocks(sql, filter, limit);
}

/* $2 is the ingestion: its own blocks and those that it shares, each by an index in the
 * order of seq */
static void blocks_of_ingestion(struct events_sql *sql,
				const struct event_filter *filter, size_t limit)
{
	struct buf where = { 0 };
	size_t begin = 0;

	buf_append_char(&sql->text, '(');
	select_blocks(sql, "ingestion_id = $2::bigint AND " IS_LIVE);
	begin = sql->text.len;
	where_filter(sql, filter);
	buf_append_slice(&where,
			 slice_of(sql->text.data + begin, sql->text.len - begin));
	order_blocks(sql, filter, limit);
	buf_append_str(&sql->text, ") UNION ALL (");
	select_blocks(sql, "ingestion_id = 0 AND run_ingestions @> ARRAY[$2::bigint]");
	buf_append_slice(&sql->text, buf_slice(&where));
	order_blocks(sql, filter, limit);
	buf_append_char(&sql->text, ')');
	order_blocks(sql, filter, limit);
	buf_deinit(&where);
}

void events_sql_blocks(struct events_sql *sql, const struct events_sql_scope *scope,
		       const struct event_filter *filter, size_t limit)
{
	(void)add_int(sql, scope->project_id); /* $1 */
	if (scope->ingestion_id == 0) {
		blocks_of_project(sql, filter, limit);
		return;
	}
	(void)add_int(sql, scope->ingestion_id); /* $2 */
	blocks_of_ingestion(sql, filter, limit);
}

enum part_field { PART_SEQ, PART_COUNT, PART_DAY, PART_OFFSET, PART_LEN };

static void append_field(struct buf *out, const struct events_sql_part *part,
			 enum part_field field)
{
	switch (field) {
	case PART_SEQ:
		buf_printf(out, "%" PRId64, part->first_seq);
		break;
	case PART_COUNT:
		buf_printf(out, "%" PRIu32, part->count);
		break;
	case PART_DAY:
		buf_append_slice(out, part->day);
		break;
	case PART_OFFSET:
		buf_printf(out, "%zu", part->rare ? 1 : part->offset);
		break;
	case PART_LEN:
		buf_printf(out, "%zu", part->len);
		break;
	}
}

static size_t add_fields(struct events_sql *sql, const struct events_sql_part *parts,
			 size_t count, enum part_field field)
{
	struct buf text = { 0 };
	size_t number = 0;

	buf_append_char(&text, '{');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(&text, ',');
		append_field(&text, &parts[i], field);
	}
	buf_append_char(&text, '}');
	number = add_param(sql, &text);
	buf_deinit(&text);
	return number;
}

/* as an array, each once as long as they come in order */
static size_t add_days(struct events_sql *sql, const struct events_sql_part *parts,
		       size_t count)
{
	struct buf text = { 0 };
	size_t number = 0;

	buf_append_char(&text, '{');
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && slice_equal(parts[i].day, parts[i - 1].day))
			continue;
		if (i > 0)
			buf_append_char(&text, ',');
		buf_append_slice(&text, parts[i].day);
	}
	buf_append_char(&text, '}');
	number = add_param(sql, &text);
	buf_deinit(&text);
	return number;
}

/* The named blocks, as b; n has what else is said of each. The days stand in a
 * condition of their own, so that the planner looks at their partitions and no others.
 */
static void from_blocks(struct events_sql *sql, int64_t project_id,
			const struct events_sql_part *parts, size_t count)
{
	size_t project = add_int(sql, project_id);
	size_t seqs = add_fields(sql, parts, count, PART_SEQ);
	size_t counts = add_fields(sql, parts, count, PART_COUNT);
	size_t days = add_fields(sql, parts, count, PART_DAY);
	size_t offsets = add_fields(sql, parts, count, PART_OFFSET);
	size_t lens = add_fields(sql, parts, count, PART_LEN);
	size_t distinct = add_days(sql, parts, count);

	buf_printf(
		&sql->text,
		" FROM unnest($%zu::bigint[], $%zu::integer[], $%zu::date[],"
		" $%zu::integer[], $%zu::integer[])"
		" AS n (first_seq, events, day, start, len)"
		" JOIN siftd.event_blocks b ON b.project_id = $%zu::bigint"
		" AND b.first_seq = n.first_seq AND b.received_day = n.day"
		" AND b.event_count = n.events AND b.received_day = ANY ($%zu::date[])",
		seqs, counts, days, offsets, lens, project, distinct);
}

void events_sql_parts(struct events_sql *sql, int64_t project_id,
		      const struct events_sql_part *parts, size_t count, bool with_meta)
{
	buf_printf(&sql->text, "SELECT b.first_seq, %s",
		   with_meta ? "b.meta, b.body"
			     : "''::bytea, substr(b.body, n.start + 1, n.len)");
	from_blocks(sql, project_id, parts, count);
}

void events_sql_words(struct events_sql *sql, int64_t project_id,
		      const struct events_sql_part *parts, size_t count)
{
	buf_append_str(&sql->text, "SELECT b.first_seq, b.words");
	from_blocks(sql, project_id, parts, count);
}

void events_sql_metas(struct events_sql *sql, int64_t project_id,
		      const struct events_sql_part *parts, size_t count)
{
	buf_append_str(&sql->text, "SELECT b.first_seq,"
				   " CASE n.start WHEN 1 THEN b.rare ELSE b.meta END");
	from_blocks(sql, project_id, parts, count);
}

/* Of the counts some are enough, as they only say which way to look: a group may have
 * thousands of ingestions. */
void events_sql_keys(struct events_sql *sql, int64_t project_id,
		     const struct event_filter *filter)
{
	/* in this order: $1 and $2 */
	(void)add_int(sql, project_id);
	(void)add_int(sql, filter->by_group_key ? (int64_t)filter->group_key
						: filter->group_id);
	if (filter->by_group_key)
		buf_append_str(&sql->text,
			       "WITH g (id) AS (SELECT group_id FROM siftd.templates"
			       " WHERE project_id = $1 AND key = $2)");
	else /* a group that was merged leads to the one that took its templates */
		buf_append_str(&sql->text,
			       "WITH RECURSIVE g (id, merged_into) AS ("
			       "SELECT id, merged_into FROM siftd.groups"
			       " WHERE project_id = $1 AND id = $2 UNION"
			       " SELECT n.id, n.merged_into FROM siftd.groups n JOIN g"
			       " ON n.project_id = $1 AND n.id = g.merged_into)");
	buf_printf(&sql->text,
		   ", k AS MATERIALIZED (SELECT key, group_id FROM siftd.templates"
		   " WHERE project_id = $1 AND group_id IN (SELECT id FROM g)"
		   " LIMIT %zu)"
		   " SELECT key, group_id, (SELECT sum(s.count)::bigint FROM"
		   "  (SELECT n.count FROM siftd.group_totals AS n"
		   "   WHERE n.project_id = $1 AND n.group_id IN (SELECT id FROM g)"
		   "   LIMIT 1024) AS s),"
		   " (SELECT next_seq - 1 FROM siftd.projects WHERE id = $1) FROM k",
		   EVENT_FILTER_KEYS_MAX);
}

void events_sql_groups(struct events_sql *sql, int64_t project_id, const uint64_t *keys,
		       size_t count)
{
	size_t project = add_int(sql, project_id);
	size_t wanted = add_keys(sql, keys, count);

	buf_printf(&sql->text,
		   "SELECT key, group_id FROM siftd.templates"
		   " WHERE project_id = $%zu::bigint AND key = ANY ($%zu::bigint[])",
		   project, wanted);
}

int64_t events_sql_int(const struct pg_rows *rows, size_t row, size_t column)
{
	struct slice bytes = pg_rows_slice(rows, row, column);
	/* two's complement: the sign fills what is left of the value */
	uint64_t value = bytes.len > 0 && (bytes.ptr[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < bytes.len; i++)
		value = value << 8 | (unsigned char)bytes.ptr[i];
	return (int64_t)value;
}
