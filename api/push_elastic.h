/* push_elastic.h - Elasticsearch's bulk API, and what its clients ask before they use
 * it
 *
 * As in Elasticsearch's documentation of POST /_bulk. index and create store a
 * document; update and delete are refused, item by item: a log does not change. Beats
 * and Fluent Bit ask for version, licence, templates and policies first, and go on when
 * they are told that all is there.
 *
 * Threads: the routes on the loop; the decoder anywhere.
 */
#ifndef SIFTD_API_PUSH_ELASTIC_H
#define SIFTD_API_PUSH_ELASTIC_H

#include "api/push_decode.h"
#include "api/route.h"

route_handler_fn push_elastic_bulk;
/* one document */
route_handler_fn push_elastic_document;
route_handler_fn push_elastic_root;
route_handler_fn push_elastic_license;
route_handler_fn push_elastic_xpack;
route_handler_fn push_elastic_cluster;
/* templates, policies, pipelines: there, whatever their name */
route_handler_fn push_elastic_found;
route_handler_fn push_elastic_acknowledge;
push_decode_fn push_elastic_decode_bulk;
push_decode_fn push_elastic_decode_document;

#endif
