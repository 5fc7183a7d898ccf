# Reference values of the log-log band of staying, of quantiles with their limits, and of restricted means, by R's
# survival (survfit of one and of several states). The data are those of incidence_data.csv (incidence.R).
#
#     Rscript stay_bands.R         (in this folder; Debian: r-base-core, r-cran-survival)
#
# Writes stay_bands.csv. The standard errors are the infinitesimal jackknife's (robust), which is Greenwood's here.
suppressPackageStartupMessages(library(survival))
options(digits = 17)
all <- read.csv("incidence_data.csv", comment.char = "#")
tau <- 12

of <- function(case) {
    d <- all[all$case == case, ]
    d$status <- factor(d$event, 0:max(d$event))
    km <- survfit(Surv(duration, event > 0) ~ 1, d, conf.type = "log-log", conf.int = 0.9)
    known <- km$surv > 0 & km$surv < 1
    band <- rbind(
        data.frame(what = "low", at = km$time[known], value = km$lower[known]),
        data.frame(what = "high", at = km$time[known], value = km$upper[known])
    )
    q <- quantile(km, c(0.25, 0.5, 0.75))
    days <- rbind(
        data.frame(what = "quantile", at = c(0.25, 0.5, 0.75), value = q$quantile),
        data.frame(what = "quantile_low", at = c(0.25, 0.5, 0.75), value = q$lower),
        data.frame(what = "quantile_high", at = c(0.25, 0.5, 0.75), value = q$upper)
    )
    mean <- summary(km, rmean = tau)$table
    several <- survfit(Surv(duration, status) ~ 1, d, id = seq_len(nrow(d)), influence = TRUE)
    states <- summary(several, rmean = tau)$table
    print(states)
    cbind(case = case, rbind(
        band, days,
        data.frame(what = c("mean", "mean_std_err"), at = tau, value = mean[c("rmean", "se(rmean)")]),
        data.frame(what = paste0("mean_", seq_len(nrow(states)) - 1), at = tau, value = states[, "rmean"]),
        data.frame(what = paste0("mean_std_err_", seq_len(nrow(states)) - 1), at = tau, value = states[, "se(rmean)"])
    ))
}

made <- do.call(rbind, lapply(c("tied", "continuous", "three_causes"), of))
made[3:4] <- lapply(made[3:4], formatC, digits = 17, format = "g", width = 1)
writeLines(paste0("# ", R.version.string, ", survival ", packageVersion("survival")), "stay_bands.csv")
suppressWarnings(write.table(made, "stay_bands.csv", append = TRUE, sep = ",", quote = FALSE, row.names = FALSE))
