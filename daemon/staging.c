/* staging.c - options to configurations */
#include "daemon/staging.h"

#include "base/buf.h"
#include "daemon/config.h"
#include "sources/spool.h"
#include "sources/uploads.h"

static void write_folder(struct buf *out, const struct config *config, const char *name)
{
	buf_printf(out, "%s/%s", config->state_dir, name);
	buf_append_char(out, '\0');
}

int staging_open_spool(struct event_base *base, const struct config *config,
		       const char *host_id, struct spool **out, struct error *error)
{
	struct buf folder = { 0 };
	struct spool_config spool = {
		.host_id = host_id,
		.partitions = (unsigned)config->spool.partitions,
		.segment_bytes = (uint64_t)config->spool.segment_bytes,
		.bytes_max = (uint64_t)config->spool.bytes_max,
		.frame_bytes_max = (uint32_t)config->spool.frame_bytes_max,
		.sync_delay_us = (unsigned)config->spool.sync_delay_us,
	};
	int status = 0;

	write_folder(&folder, config, "spool");
	spool.folder = folder.data;
	status = spool_open(base, &spool, out, error);
	buf_deinit(&folder);
	return status;
}

int staging_open_uploads(struct event_base *base, const struct config *config,
			 const char *host_id, struct uploads **out, struct error *error)
{
	struct buf folder = { 0 };
	struct uploads_config uploads = {
		.host_id = host_id,
		.length_max = config->uploads.length_max,
		.bytes_max = config->uploads.bytes_max,
		.lifetime_us = config->uploads.lifetime_us,
		.count_max = (unsigned)config->uploads.count_max,
		.project_bytes_max = config->uploads.project_bytes_max,
		.project_count_max = (unsigned)config->uploads.project_count_max,
	};
	int status = 0;

	write_folder(&folder, config, "uploads");
	uploads.folder = folder.data;
	status = uploads_open(base, &uploads, out, error);
	buf_deinit(&folder);
	return status;
}
