/* push_loki_json.h - Loki's streams as JSON
 *
 *   {"streams":[{"stream":{LABEL:TEXT,..},"values":[[NS,LINE,{NAME:TEXT,..}],..]},..]}
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_API_PUSH_LOKI_JSON_H
#define SIFTD_API_PUSH_LOKI_JSON_H

#include "api/push_decode.h"

enum push_status push_loki_json(struct slice body, struct push_lines *lines);

#endif
