# Reference values of the log-rank test and Gray's test, by R's survival (survdiff, coxph) and cmprsk (cuminc).
#
#     Rscript group_tests.R        (in this folder; Debian: r-base-core, r-cran-survival, r-cran-cmprsk)
#
# Writes group_tests_data.csv, what goes in, and group_tests.csv, what comes out: chi-square, degrees of freedom and
# p-value. survdiff knows no delayed entry: there the log-rank test is the score test of Cox's exact partial likelihood.
# With weights or clusters it is the robust score test with Breslow's ties. An entry of 0 is moved to just before, so
# that events at 0 are counted among all who were watched from the start. cmprsk knows neither entry nor weights.
suppressPackageStartupMessages({ library(survival); library(cmprsk) })
options(digits = 17)
RNGversion("4.0.0")
set.seed(20262)

stays <- function(n, groups, digits = 0, causes = 2, late = FALSE, effect = 0.3) {
    group <- sample(seq_len(groups), n, replace = TRUE)
    duration <- round(rweibull(n, 0.9, 15 * exp(effect * group / groups)), digits) + 10^-digits
    entry <- if (late) round(pmax(0, pmin(runif(n, -8, 8), duration - 10^-digits)), digits) else 0
    data.frame(
        entry = entry, duration = duration, event = sample(0:causes, n, replace = TRUE), group = group,
        stratum = sample(1:3, n, replace = TRUE), weight = signif(rexp(n) + 0.05, 6), cluster = sample(n %/% 2, n, TRUE)
    )
}

early <- stays(80, 2)
early$duration[1:9] <- 0
gone <- stays(90, 3)  # a group that is gone long before the others
gone$duration[gone$group == 3] <- pmin(gone$duration[gone$group == 3], 4)
rare <- stays(120, 2)
rare$event[rare$event == 1][-(1:3)] <- 2
empty <- stays(150, 3)  # a group that one stratum does not have
empty$stratum[empty$group == 3 & empty$stratum == 2] <- 1
cases <- list(
    two_tied = stays(120, 2), three_tied = stays(200, 3), continuous = stays(150, 4, digits = 6),
    three_causes = stays(200, 2, causes = 3), different = stays(150, 2, effect = 2), at_zero = early,
    gone_early = gone, rare_cause = rare, empty_in_stratum = empty, late = stays(200, 3, digits = 6, late = TRUE),
    late_tied = stays(45, 2, late = TRUE)
)

answer <- function(test, cause, statistic, degrees)
    data.frame(test, cause, statistic, degrees, p_value = pchisq(statistic, degrees, lower.tail = FALSE))

log_rank <- function(d, cause) {
    d$ended <- if (cause == 0) d$event > 0 else d$event == cause
    d$before <- ifelse(d$entry == 0, -1e-4, d$entry)
    k <- length(unique(d$group)) - 1
    d$once <- 1
    robust <- function(formula, weight) {
        environment(formula) <- list2env(list(w = d[[weight]]), parent = globalenv())
        coxph(formula, d, weights = w, cluster = cluster, ties = "breslow")$rscore
    }
    if (any(d$entry > 0)) {
        exact <- coxph(Surv(before, duration, ended) ~ factor(group), d, ties = "exact")$score
        plain <- answer("log_rank", cause, exact, k)
    } else {
        plain <- rbind(
            answer("log_rank", cause, survdiff(Surv(duration, ended) ~ group, d)$chisq, k),
            answer("log_rank_stratified", cause, survdiff(Surv(duration, ended) ~ group + strata(stratum), d)$chisq, k)
        )
    }
    rbind(
        plain,
        answer("log_rank_clustered", cause, robust(Surv(before, duration, ended) ~ factor(group), "once"), k),
        answer("log_rank_weighted", cause, robust(
            Surv(before, duration, ended) ~ factor(group) + strata(stratum), "weight"
        ), k)
    )
}

gray <- function(d, cause) {
    if (any(d$entry > 0)) return(NULL)
    of <- function(name, test) answer(name, cause, test[as.character(cause), "stat"], test[as.character(cause), "df"])
    rbind(
        of("gray", cuminc(d$duration, d$event, d$group)$Tests),
        of("gray_stratified", cuminc(d$duration, d$event, d$group, d$stratum)$Tests)
    )
}

tests <- function(d) {
    causes <- seq_len(max(d$event))
    rbind(do.call(rbind, lapply(c(0, causes), log_rank, d = d)), do.call(rbind, lapply(causes, gray, d = d)))
}

write_cases <- function(tables, file) {
    all <- do.call(rbind, Map(function(name, table) cbind(case = name, table), names(tables), tables))
    numbers <- sapply(all, is.numeric)
    all[numbers] <- lapply(all[numbers], formatC, digits = 17, format = "g", width = 1)
    versions <- paste0(c("survival ", "cmprsk "), c(packageVersion("survival"), packageVersion("cmprsk")))
    writeLines(paste0("# ", paste(c(R.version.string, versions), collapse = ", ")), file)
    suppressWarnings(write.table(all, file, append = TRUE, sep = ",", quote = FALSE, row.names = FALSE))
}

write_cases(cases, "group_tests_data.csv")
write_cases(lapply(cases, tests), "group_tests.csv")
