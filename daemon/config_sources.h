/* config_sources.h - the `sources` list of siftd.yaml
 *
 * Threads: start-up. Owner: the sources belong to the config. Limits: SOURCES_MAX.
 */
#ifndef SIFTD_DAEMON_CONFIG_SOURCES_H
#define SIFTD_DAEMON_CONFIG_SOURCES_H

#include "base/yaml.h"
#include "daemon/config.h"

MUST_CHECK int config_sources_read(struct config *config, const struct yaml_doc *doc,
				   struct error *error);
void config_sources_free(struct config *config);
/* every option of every type, as the commented list of `siftd config` */
void config_sources_describe(struct buf *out);

#endif
