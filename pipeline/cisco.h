/* cisco.h - %FACILITY-SEVERITY-MNEMONIC: in front of a message of Cisco's systems
 *
 * Threads: any; pure.
 * Owner: the record borrows from its body.
 */
#ifndef SIFTD_PIPELINE_CISCO_H
#define SIFTD_PIPELINE_CISCO_H

#include "pipeline/record.h"

/* a body that begins so gives severity, service and mnemonic; else nothing changes */
void cisco_take_mnemonic(struct record *record);

#endif
