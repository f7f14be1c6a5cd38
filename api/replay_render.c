/* replay_render.c - writes them */
#include "api/replay_render.h"

#include "api/columns.h"

static void write_time(struct json_out *out, const char *key, int64_t time_us)
{
	json_key(out, key);
	columns_write_time(out, time_us);
}

static void write_episodes(struct json_out *out, const struct replay_finding *finding)
{
	const struct window_episodes *episodes = &finding->episodes;
	size_t skipped = episodes->count > REPLAY_RENDER_EPISODES
				 ? episodes->count - REPLAY_RENDER_EPISODES
				 : 0;

	json_key_uint(out, "episodes_total", episodes->count);
	json_key(out, "episodes");
	json_array_begin(out);
	for (size_t i = skipped; i < episodes->count; i++) {
		const struct window_episode *episode = &episodes->items[i];

		json_object_begin(out);
		write_time(out, "first_seen", episode->first_us);
		write_time(out, "last_seen", episode->last_us);
		json_key_uint(out, "total", episode->total);
		if (finding->rule->window.type != WINDOW_NONE)
			json_key_uint(out, "peak", episode->peak);
		json_object_end(out);
	}
	json_array_end(out);
}

static void write_evidence(struct json_out *out, const struct replay_finding *finding,
			   enum replay_places places)
{
	json_key(out, "evidence");
	json_array_begin(out);
	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct replay_evidence *evidence = &finding->evidence[i];

		json_object_begin(out);
		json_key_uint(out, places == REPLAY_SEQS ? "seq" : "line",
			      evidence->place);
		write_time(out, "ts", evidence->timestamp_us);
		json_key_string(out, "raw", evidence->raw);
		if (evidence->captures.len > 0) {
			json_key(out, "captures");
			json_raw(out, evidence->captures);
		}
		json_object_end(out);
	}
	json_array_end(out);
}

void replay_render_finding(struct json_out *out, const struct replay_finding *finding,
			   enum replay_places places)
{
	json_object_begin(out);
	json_key_string(out, "key", finding->key);
	json_key_string(out, "severity",
			slice_str(finding_severity_name(finding->severity)));
	json_key_uint(out, "occurrences", finding->count);
	json_key_uint(out, "templates", finding->templates);
	write_time(out, "first_seen", finding->first_us);
	write_time(out, "last_seen", finding->last_us);
	json_key_bool(out, "fires", finding->episodes.count > 0);
	if (finding->rule->window.type != WINDOW_NONE)
		json_key_uint(out, "peak", finding->peak);
	write_episodes(out, finding);
	write_evidence(out, finding, places);
	json_object_end(out);
}
