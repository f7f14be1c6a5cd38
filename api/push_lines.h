/* push_lines.h - siftd's own push: lines of text, NDJSON, or a JSON array
 *
 * Threads: the route on the loop; the decoder anywhere.
 */
#ifndef SIFTD_API_PUSH_LINES_H
#define SIFTD_API_PUSH_LINES_H

#include "api/push_decode.h"
#include "api/route.h"

route_handler_fn push_lines_route;
/* Text stays byte for byte, records of several lines and all. Of an array, each object
 * is one line, and each text one record */
push_decode_fn push_lines_decode;
/* never an array */
enum push_status push_lines_decode_text(struct slice body, struct push_lines *lines);

#endif
