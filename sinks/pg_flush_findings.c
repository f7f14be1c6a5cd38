/* pg_flush_findings.c - findings, their evidence and windows of a flush */
#include "sinks/pg_flush_findings.h"

#include "base/compiler.h"

/* RULES_CAPTURES_MAX values of 256 bytes, each of them escaped */
#define CAPTURES_BYTES_MAX ((size_t)16 * 1024)
#define KEY_BYTES_MAX 512
#define TITLE_BYTES_MAX 1024
#define EVIDENCE_BYTES_MAX 16384
#define NAMES_BYTES_MAX 4096
/* values of a variable in the database */
#define VARIABLE_VALUES_KEPT 32

/* arrays 0 to 2: project, rule, key */
static void add_key(struct flush_sender *sender, int64_t project_id,
		    const struct rule *rule, struct slice key)
{
	pg_array_int8(&sender->arrays[0], project_id);
	pg_array_text(&sender->arrays[1], slice_str(rule->id), KEY_BYTES_MAX);
	pg_array_text(&sender->arrays[2], key, KEY_BYTES_MAX);
}

static bool is_windowed(const struct rule *rule)
{
	return rule->window.type != WINDOW_NONE;
}

/* each with FLUSH_NAMES_END behind it, which none holds */
static void add_names(struct flush_sender *sender, struct pg_array *array,
		      const struct batch_names *names)
{
	struct buf *text = &sender->text;

	buf_clear(text);
	for (size_t i = 0; i < names->count; i++) {
		struct slice name = names->items[i];

		for (size_t at = 0; at < name.len; at++) {
			if (name.ptr[at] != FLUSH_NAMES_END[0])
				buf_append_char(text, name.ptr[at]);
		}
		buf_append_str(text, FLUSH_NAMES_END);
	}
	pg_array_text(array, buf_slice(text), NAMES_BYTES_MAX);
}

static void send_runs(struct flush_sender *sender, const struct flush_plan *plan,
		      size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_TEXT, PG_TEXT,
					      PG_INT8, PG_INT8, PG_INT8 };
	const struct flush_range *range = &plan->ranges[at];
	struct pg_array *arrays = sender->arrays;
	char kept[4];

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_finding *finding = &plan->batch->findings[i];

		if (!flush_plan_has_ingestion(plan, finding->project_id,
					      finding->ingestion_id))
			continue;
		for (size_t run = 0; run < finding->runs.count; run++) {
			add_key(sender, finding->project_id, finding->rule,
				finding->key);
			pg_array_int8(&arrays[3], finding->runs.items[run].first_us);
			pg_array_int8(&arrays[4], finding->runs.items[run].last_us);
			pg_array_uint8(&arrays[5], finding->runs.items[run].count);
		}
	}
	flush_arrays_end(sender);
	flush_param_add(sender, pg_int4(kept, sender->limits.episodes_max));
	flush_unit_send(sender, FLUSH_RUNS, at);
}

static void send_findings(struct flush_sender *sender, const struct flush_plan *plan,
			  size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_TEXT, PG_TEXT, PG_TEXT,
					      PG_INT2, PG_INT2, PG_INT8, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8, PG_INT8,
					      PG_TEXT, PG_TEXT, PG_TEXT, PG_INT8,
					      PG_INT8 };
	const struct flush_range *range = &plan->ranges[at];
	struct pg_array *arrays = sender->arrays;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_finding *finding = &plan->batch->findings[i];
		const struct rule *rule = finding->rule;

		if (!flush_plan_has_ingestion(plan, finding->project_id,
					      finding->ingestion_id))
			continue;
		add_key(sender, finding->project_id, rule, finding->key);
		pg_array_text(&arrays[3], slice_str(rule->title), TITLE_BYTES_MAX);
		pg_array_int2(&arrays[4], (int)finding->severity);
		pg_array_int2(&arrays[5], rule->confidence);
		pg_array_int8(&arrays[6], finding->first_us);
		pg_array_int8(&arrays[7], finding->last_us);
		pg_array_uint8(&arrays[8], finding->count);
		pg_array_int8(&arrays[9], is_windowed(rule) ? rule->window.span_us : 0);
		pg_array_uint8(&arrays[10], is_windowed(rule) ? rule->window.count : 0);
		pg_array_int8(&arrays[11], rule->quiet_us);
		add_names(sender, &arrays[12], &finding->services);
		add_names(sender, &arrays[13], &finding->hosts);
		pg_array_text(&arrays[14],
			      slice_str(window_type_name(rule->window.type)),
			      KEY_BYTES_MAX);
		pg_array_uint8(&arrays[15], rule->window.factor_ppm);
		pg_array_int8(&arrays[16], rule->window.baseline_us);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_FINDINGS, at);
}

static void send_templates(struct flush_sender *sender, const struct flush_plan *plan,
			   size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_TEXT, PG_TEXT, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8, PG_INT8 };
	const struct flush_range *range = &plan->ranges[at];
	struct pg_array *arrays = sender->arrays;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_finding *finding = &plan->batch->findings[i];

		if (!flush_plan_has_ingestion(plan, finding->project_id,
					      finding->ingestion_id))
			continue;
		add_key(sender, finding->project_id, finding->rule, finding->key);
		pg_array_int8(&arrays[3], finding->ingestion_id);
		pg_array_uint8(&arrays[4], finding->template_key);
		pg_array_uint8(&arrays[5], finding->count);
		pg_array_int8(&arrays[6], finding->first_us);
		pg_array_int8(&arrays[7], finding->last_us);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_FINDING_TEMPLATES, at);
}

static void add_evidence(struct flush_sender *sender, const struct flush_plan *plan,
			 const struct batch_finding *finding,
			 const struct batch_evidence *items, size_t count)
{
	struct pg_array *arrays = sender->arrays;

	for (size_t i = 0; i < count; i++) {
		if (!flush_plan_has_block(plan, items[i].block))
			continue;
		add_key(sender, finding->project_id, finding->rule, finding->key);
		pg_array_int8(&arrays[3], finding->ingestion_id);
		pg_array_uint8(&arrays[4], finding->template_key);
		pg_array_int8(&arrays[5],
			      flush_plan_seq(plan, items[i].block, items[i].row));
		pg_array_int8(&arrays[6], items[i].timestamp_us);
		pg_array_bytes(&arrays[7],
			       slice_head(items[i].raw, EVIDENCE_BYTES_MAX));
		pg_array_text(&arrays[8], items[i].captures, CAPTURES_BYTES_MAX);
	}
}

static void send_evidence(struct flush_sender *sender, const struct flush_plan *plan,
			  size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_TEXT,  PG_TEXT,
					      PG_INT8, PG_INT8,  PG_INT8,
					      PG_INT8, PG_BYTEA, PG_TEXT };
	const struct flush_range *range = &plan->ranges[at];
	char edge_rows[4];

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_finding *finding = &plan->batch->findings[i];

		if (!flush_plan_has_ingestion(plan, finding->project_id,
					      finding->ingestion_id))
			continue;
		add_evidence(sender, plan, finding, finding->head, finding->head_count);
		add_evidence(sender, plan, finding, finding->tail, finding->tail_count);
	}
	flush_arrays_end(sender);
	flush_param_add(sender, pg_int4(edge_rows, EVIDENCE_EDGE));
	flush_unit_send(sender, FLUSH_EVIDENCE, at);
}

void flush_send_clock(struct flush_sender *sender, const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_INT8 };
	char kept[4];
	char words[4];

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < plan->projects_count; i++) {
		if (plan->projects[i].first_seq > 0)
			pg_array_int8(&sender->arrays[0], plan->projects[i].id);
	}
	flush_arrays_end(sender);
	flush_param_add(sender, pg_int4(kept, sender->limits.episodes_max));
	flush_param_add(sender, pg_int4(words, sender->limits.outbox_max));
	flush_unit_send(sender, FLUSH_CLOCK, SIZE_MAX);
}

void flush_send_words(struct flush_sender *sender, const struct flush_plan *plan)
{
	static const enum pg_type types[] = { PG_INT8, PG_TEXT, PG_TEXT,
					      PG_INT8, PG_TEXT, PG_TEXT };
	struct pg_array *arrays = sender->arrays;
	char age[8];
	char words[4];

	if (plan->batch->findings_count == 0)
		return;
	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < plan->batch->findings_count; i++) {
		const struct batch_finding *finding = &plan->batch->findings[i];

		if (!flush_plan_has_ingestion(plan, finding->project_id,
					      finding->ingestion_id))
			continue;
		add_key(sender, finding->project_id, finding->rule, finding->key);
		pg_array_uint8(&arrays[3], finding->template_key);
		add_names(sender, &arrays[4], &finding->services);
		add_names(sender, &arrays[5], &finding->hosts);
	}
	flush_arrays_end(sender);
	flush_param_add(sender, pg_int8(age, sender->limits.tell_age_us));
	flush_param_add(sender, pg_int4(words, sender->limits.outbox_max));
	flush_unit_send(sender, FLUSH_TELL, SIZE_MAX);
}

void flush_send_findings(struct flush_sender *sender, const struct flush_plan *plan,
			 size_t range)
{
	send_findings(sender, plan, range);
	send_runs(sender, plan, range);
	send_templates(sender, plan, range);
	send_evidence(sender, plan, range);
}

static void add_bucket(struct flush_sender *sender, const struct batch_window *window)
{
	add_key(sender, window->project_id, window->rule, window->key);
	pg_array_int8(&sender->arrays[3], window->bucket_us);
	pg_array_int8(&sender->arrays[4], window->bucket_width_us);
}

static void send_buckets(struct flush_sender *sender, const struct flush_plan *plan,
			 size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_TEXT, PG_TEXT, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8 };
	const struct flush_range *range = &plan->ranges[at];
	struct pg_array *arrays = sender->arrays;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_window *window = &plan->batch->windows[i];

		if (!flush_plan_has_project(plan, window->project_id))
			continue;
		add_bucket(sender, window);
		pg_array_uint8(&arrays[5], window->count);
		pg_array_uint8(&arrays[6], window->others);
		pg_array_int8(&arrays[7], window->first_us);
		pg_array_int8(&arrays[8], window->last_us);
		pg_array_int8(&arrays[9], window->then_first_us);
		pg_array_int8(&arrays[10], window->then_last_us);
	}
	flush_arrays_end(sender);
	flush_unit_send(sender, FLUSH_WINDOWS, at);
}

/* of the windows of the range */
static void send_values(struct flush_sender *sender, const struct flush_plan *plan,
			size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_TEXT, PG_TEXT, PG_INT8,
					      PG_INT8, PG_INT8, PG_INT8 };
	const struct flush_range *range = &plan->ranges[at];
	size_t sent = 0;

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = 0; i < plan->batch->values_count; i++) {
		const struct batch_value *value = &plan->batch->values[i];
		const struct batch_window *window =
			&plan->batch->windows[value->window];

		if (value->window < range->first ||
		    value->window >= range->first + range->count ||
		    !flush_plan_has_project(plan, window->project_id))
			continue;
		add_bucket(sender, window);
		pg_array_uint8(&sender->arrays[5], value->hash);
		pg_array_uint8(&sender->arrays[6], window->rule->window.count);
		sent++;
	}
	flush_arrays_end(sender);
	if (sent > 0)
		flush_unit_send(sender, FLUSH_VALUES, at);
	else
		sender->params = 0;
}

static void send_judge(struct flush_sender *sender, const struct flush_plan *plan,
		       size_t at)
{
	static const enum pg_type types[] = { PG_INT8, PG_TEXT, PG_TEXT,
					      PG_INT8, PG_INT8, PG_INT8 };
	const struct flush_range *range = &plan->ranges[at];
	char kept[4];
	char words[4];

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = range->first; i < range->first + range->count; i++) {
		const struct batch_window *window = &plan->batch->windows[i];

		if (!flush_plan_has_project(plan, window->project_id))
			continue;
		add_bucket(sender, window);
		pg_array_uint8(&sender->arrays[5], window->count);
	}
	flush_arrays_end(sender);
	flush_param_add(sender, pg_int4(kept, sender->limits.episodes_max));
	flush_param_add(sender, pg_int4(words, sender->limits.outbox_max));
	flush_unit_send(sender, FLUSH_JUDGE, at);
}

void flush_send_windows(struct flush_sender *sender, const struct flush_plan *plan,
			size_t range)
{
	send_buckets(sender, plan, range);
	send_values(sender, plan, range);
	send_judge(sender, plan, range);
}

/* "text" for a variable that may be anything */
static struct slice type_name(enum variable_type type)
{
	return type == VARIABLE_ANY ? SLICE("text")
				    : slice_str(variable_type_name(type));
}

static void add_variable(struct flush_sender *sender,
			 const struct variable_sketch *sketch)
{
	struct pg_array *arrays = sender->arrays;

	for (size_t i = 0; i < sketch->counters_count; i++) {
		const struct sketch_counter *counter = &sketch->counters[i];

		pg_array_int8(&arrays[0], sketch->project_id);
		pg_array_uint8(&arrays[1], sketch->template_key);
		pg_array_text(&arrays[2], slice_str(sketch->name), KEY_BYTES_MAX);
		pg_array_text(&arrays[3], type_name(sketch->type), KEY_BYTES_MAX);
		pg_array_uint8(&arrays[4], sketch->total);
		pg_array_text(&arrays[5], slice_of(counter->value, counter->len),
			      KEY_BYTES_MAX);
		pg_array_uint8(&arrays[6], counter->count);
		pg_array_uint8(&arrays[7], counter->error);
	}
}

void flush_send_variables(struct flush_sender *sender, const struct flush_plan *plan,
			  size_t range)
{
	static const enum pg_type types[] = { PG_INT8, PG_INT8, PG_TEXT, PG_TEXT,
					      PG_INT8, PG_TEXT, PG_INT8, PG_INT8 };
	const struct flush_range *items = &plan->ranges[range];
	char kept[4];

	flush_arrays_begin(sender, types, ARRAY_LEN(types));
	for (size_t i = items->first; i < items->first + items->count; i++) {
		const struct variable_sketch *sketch = &plan->batch->variables[i];

		if (flush_plan_has_project(plan, sketch->project_id))
			add_variable(sender, sketch);
	}
	flush_arrays_end(sender);
	flush_param_add(sender, pg_int4(kept, VARIABLE_VALUES_KEPT));
	flush_unit_send(sender, FLUSH_VARIABLES, range);
}
