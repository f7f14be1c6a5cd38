/* tail_config.h - a file_tail source's own copy of its configuration
 *
 * Threads: one owner at a time. Owner: tail_config_deinit frees what tail_config_copy
 * made. Limits: numbers out of bounds are brought inside them.
 */
#ifndef SIFTD_SOURCES_TAIL_CONFIG_H
#define SIFTD_SOURCES_TAIL_CONFIG_H

#include "sources/file_tail.h"

struct file_tail_config tail_config_copy(const struct file_tail_config *config);
void tail_config_deinit(struct file_tail_config *config);

#endif
