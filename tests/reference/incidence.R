# Reference values of cumulative incidence and its standard error, by multi-state survfit of R's survival package.
#
#     Rscript incidence.R          (in this folder; Debian: r-base-core, r-cran-survival)
#
# Writes incidence_data.csv, what goes in, and incidence.csv, what comes out at every distinct duration. The standard
# error that survfit reports for several states is the infinitesimal jackknife; each row is its own subject (id), and
# where rows share a cluster, survfit's influence values are added up within it.
#
# A stay of length zero is at risk at its own instant only, and a stay with entry 0 is at risk from time 0 on. survfit
# refuses the first and starts the second after time 0, so their entries are shifted to just before.
suppressPackageStartupMessages(library(survival))
options(digits = 17)
RNGversion("4.0.0")
set.seed(20261)

stays <- function(duration, event, entry = 0, weight = 1, cluster = seq_along(duration))
    data.frame(entry = entry, duration = duration, event = event, weight = weight, cluster = cluster)

drawn <- function(n, causes, digits, late = FALSE, weighted = FALSE) {
    duration <- round(rweibull(n, 0.9, 20), digits) + 10^-digits
    event <- sample(0:causes, n, replace = TRUE)
    entry <- if (late) round(pmax(0, pmin(runif(n, -10, 15), duration - 10^-digits)), digits) else 0
    stays(duration, event, entry, if (weighted) signif(rexp(n) + 0.01, 6) else 1)
}

revisits <- drawn(120, 2, 0, late = TRUE, weighted = TRUE)
revisits$cluster <- sample(1:50, 120, replace = TRUE)
revisits$entry[1:60] <- 0  # stays of one cluster overlap: every visit starts at age 0

split_at <- drawn(60, 2, 0, weighted = TRUE)
first <- second <- split_at[split_at$duration > 4, ]
first$event <- 0
first$duration <- second$entry <- 3
split <- rbind(split_at[split_at$duration <= 4, ], first, second)

zero <- drawn(80, 2, 0, late = TRUE, weighted = TRUE)
zero$duration[1:12] <- zero$entry[1:12] <- rep(c(0, 3, 8), 4)

cases <- list(
    fixture = stays(1:6, c(0, 1, 1, 2, 2, 0)),
    tied = drawn(150, 2, 0),
    continuous = drawn(200, 2, 6),
    three_causes = drawn(200, 3, 0),
    one_cause = drawn(100, 1, 0),
    left_truncated = drawn(150, 2, 0, late = TRUE),
    weighted = drawn(150, 2, 0, weighted = TRUE),
    tied_left_truncated_weighted = drawn(150, 3, 0, late = TRUE, weighted = TRUE),
    continuous_left_truncated_weighted = drawn(150, 2, 6, late = TRUE, weighted = TRUE),
    extreme_weights = transform(drawn(100, 2, 0), weight = rep(10^(0:-9), 10)),
    last_is_censored = stays(c(1, 2, 2, 3, 4, 5, 5), c(1, 2, 0, 1, 2, 0, 0)),
    last_is_event = stays(c(1, 2, 2, 3, 4, 5), c(1, 2, 0, 1, 2, 2)),
    last_is_both = stays(c(1, 2, 2, 3, 5, 5), c(1, 2, 0, 1, 2, 0)),
    all_leave_before_new_enter = stays(c(1, 2, 3, 8, 9, 9), c(1, 2, 1, 2, 1, 0), c(0, 0, 0, 5, 6, 6)),
    risk_set_empties_and_refills = stays(
        c(1, 2, 2, 3, 8, 9, 9, 11), c(1, 2, 0, 0, 2, 1, 0, 1), c(0, 0, 0, 1, 5, 5, 6, 7), c(1, 2, 1, 0.5, 1, 1, 3, 1)
    ),
    all_enter_late = stays(c(4, 5, 6, 7, 7), c(1, 2, 0, 1, 0), c(2, 2, 3, 3, 5)),
    zero_length_at_zero = stays(c(0, 0, 0, 2, 3, 3, 5, 6), c(1, 0, 2, 1, 2, 0, 1, 0)),
    zero_length_and_late = zero,
    clusters = revisits,
    one_record_split_in_two = split
)

estimate <- function(case) {
    case$status <- factor(case$event, 0:max(case$event))
    case$id <- seq_len(nrow(case))
    case$just_before <- case$entry - ifelse(case$entry == 0 | case$entry == case$duration, 1e-4, 0)
    in_clusters <- anyDuplicated(case$cluster) > 0
    answer <- if (any(case$entry > 0)) Surv(case$just_before, case$duration, case$status)
    else Surv(case$duration, case$status)
    fit <- survfit(answer ~ 1, case, weights = weight, id = id, influence = in_clusters, conf.type = "plain")
    std_err <- fit$std.err
    if (in_clusters) {  # survival 3.5-3 ignores cluster= where there are several states
        influence <- fit$influence.pstate[, -1, ]  # its first column is the start
        summed <- apply(influence, 2:3, function(column) sqrt(sum(rowsum(column * case$weight, case$cluster)^2)))
        alone <- apply(influence, 2:3, function(column) sqrt(sum((column * case$weight)^2)))
        stopifnot(max(abs(alone - std_err)) < 1e-14)
        std_err <- summed
    }
    states <- ncol(fit$pstate)
    data.frame(
        time = rep(fit$time, states), state = rep(seq_len(states) - 1, each = length(fit$time)),
        incidence = as.vector(fit$pstate), std_err = as.vector(std_err)
    )
}

write_cases <- function(tables, file) {
    all <- do.call(rbind, Map(function(name, table) cbind(case = name, table), names(tables), tables))
    numbers <- sapply(all, is.numeric)
    all[numbers] <- lapply(all[numbers], formatC, digits = 17, format = "g", width = 1)
    made <- paste0("# ", R.version.string, ", survival ", packageVersion("survival"))
    writeLines(made, file)
    suppressWarnings(write.table(all, file, append = TRUE, sep = ",", quote = FALSE, row.names = FALSE))
}

write_cases(cases, "incidence_data.csv")
write_cases(lapply(cases, estimate), "incidence.csv")
