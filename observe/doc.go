// Package observe tells a monitoring system how a hub stands: metrics in Prometheus's format, and whether the hub is alive and ready.
//
// Every metric is a row of one table (table.go), from which docs/metrics.md is written; a name that the table does not hold is counted nowhere. What happens in this process is
// counted as it happens, through the observers of exchange, relay and notify. How everything stands that the hubs have in common is read from the database when somebody looks, in one round trip, and
// kept for ten seconds or ten times as long as it took, so that any number of scrapers costs the same and none waits for a backlog to be counted; a database that does not answer is told as such, and its figures are left out.
// For the operator's board a Sampler has the store keep figures of every minute: one hub of several those that all have in common, each hub its own.
//
// The package refuses everything that could name a person or an order: labels are states, kinds, codes and agencies of the registry, each from a list that does not grow with the orders. It decides nothing,
// and nothing else waits for it.
package observe

//go:generate go test -run TestMetricsDocument -update
