/* cmd.h - the subcommands of siftd
 *
 * Threads: each runs as the process's main thread and returns its exit status: 0 done,
 * 1 failed, 2 wrong usage, 78 (EX_CONFIG) a configuration that cannot be read.
 * argv[0] is the subcommand's name.
 */
#ifndef SIFTD_DAEMON_CMD_H
#define SIFTD_DAEMON_CMD_H

#define EXIT_USAGE 2
#define EXIT_CONFIG 78

/* is called with the words behind `siftd` */
typedef int cmd_fn(int argc, char **argv);

cmd_fn cmd_run;
cmd_fn cmd_sift;
cmd_fn cmd_check;
cmd_fn cmd_config;
cmd_fn cmd_doctor;
cmd_fn cmd_export;
cmd_fn cmd_key;
cmd_fn cmd_migrate;
cmd_fn cmd_query;
cmd_fn cmd_routes;
cmd_fn cmd_rules;
/* rules backtest */
cmd_fn cmd_backtest;
cmd_fn cmd_upload;
cmd_fn cmd_user;

#endif
