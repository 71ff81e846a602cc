# Recompute the standard estimates of this data package in base R, from its files alone.
#
#   Rscript replicate.R [FOLDER]
#
# specs/run/published.csv names each estimate, the rows it was made from and its published figures.
# Fitted with glm(): single series (quasi-Poisson), treated given both sides (quasi-binomial), two-way
# Poisson with clustered (G / (G - 1)) and HC1 (n / (n - k)) errors. Exit status 1 if a figure differs.
# The headline's integrated interval is in replicate.py, which runs the source in engine/.

tolerance <- 1e-6
arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments)) arguments[1] else "."
published <- read.csv(file.path(folder, "specs/run/published.csv"), stringsAsFactors = FALSE)
exact <- glm.control(epsilon = 1e-13, maxit = 300)

# Interval of one term with the Pearson dispersion, at least 1, and t on df degrees of freedom.
quasi <- function(fit, term, df) {
  dispersion <- max(1, sum(residuals(fit, "pearson")^2) / df)
  coefficient <- coef(fit)[[term]]
  error <- sqrt(dispersion * summary(fit, dispersion = 1)$cov.unscaled[term, term])
  half <- qt(0.975, df) * error
  c(coefficient = coefficient, standard_error = error,
    lower_95 = exp(coefficient - half), upper_95 = exp(coefficient + half))
}

by_month <- function(rows) {
  sums <- aggregate(count ~ month + segment, data = rows, FUN = sum)
  sums[order(sums$month), ]
}

with_segments <- function(frame) {
  frame$segment <- relevel(factor(frame$segment), ref = "baseline")
  frame
}

single <- function(rows, plan) {
  series <- with_segments(by_month(rows[rows$is_treated == 1, ]))
  day <- as.Date(series$month)
  month <- as.integer(format(day, "%m"))
  year <- as.integer(format(day, "%Y"))
  series$trend <- (year - min(year)) * 12 + month
  terms <- "segment"
  if (plan$trend == 1) terms <- c(terms, "trend")
  for (k in seq_len(plan$harmonics)) {
    series[[paste0("sin", k)]] <- sin(2 * pi * k * month / 12)
    series[[paste0("cos", k)]] <- cos(2 * pi * k * month / 12)
    terms <- c(terms, paste0(c("sin", "cos"), k))
  }
  following <- as.Date(sprintf("%d-%02d-01", year + (month == 12), month %% 12 + 1))
  series$exposure <- if (plan$days_offset == 1) log(as.integer(following - day)) else 0
  fit <- glm(reformulate(terms, "count"), quasipoisson, series, offset = exposure, control = exact)
  quasi(fit, "segmentphase", fit$df.residual)
}

controlled <- function(rows, plan) {
  inside <- by_month(rows[rows$is_treated == 1, ])
  outside <- by_month(rows[rows$is_treated == 0, ])
  both <- merge(inside, outside, by = c("month", "segment"), suffixes = c("_in", "_out"))
  day <- as.Date(both$month)
  both$years <- (as.integer(format(day, "%Y")) * 12 + as.integer(format(day, "%m"))) / 12
  # A further phase in which one side has no event has a ratio of 0 or infinity: it is left out.
  least <- pmin(ave(both$count_in, both$segment, FUN = sum), ave(both$count_out, both$segment, FUN = sum))
  both <- both[both$segment %in% c("baseline", "phase") | least > 0, ]
  both <- with_segments(both[both$count_in + both$count_out > 0, ])
  terms <- c("segment", if (plan$differential_trend == 1) "years")
  fit <- glm(reformulate(terms, "cbind(count_in, count_out)"), quasibinomial, both, control = exact)
  quasi(fit, "segmentphase", fit$df.residual)
}

pooled <- function(rows) {
  rows$served <- as.integer(rows$is_treated == 1 & rows$segment == "phase")
  rows <- rows[ave(rows$count, rows$area, FUN = sum) > 0, ]
  rows <- rows[ave(rows$count, rows$month, FUN = sum) > 0, ]
  fit <- glm(count ~ served + factor(area) + factor(month), poisson, rows, control = exact)
  design <- model.matrix(fit)
  bread <- summary(fit, dispersion = 1)$cov.unscaled
  score <- design * (rows$count - fitted(fit))
  groups <- rowsum(score, rows$cluster)
  count <- nrow(groups)
  variance <- function(meat) (bread %*% meat %*% bread)["served", "served"]
  c(coefficient = coef(fit)[["served"]],
    cluster_standard_error = sqrt(variance(crossprod(groups)) * count / (count - 1)),
    hc1_standard_error = sqrt(variance(crossprod(score)) * nrow(rows) / (nrow(rows) - ncol(design))))
}

compare <- function(id, figure, then, now) {
  data.frame(estimate_id = id, figure = figure, published = then, recomputed = now,
             agrees = abs(then - now) <= tolerance * (1 + abs(then)))
}

found <- list()
for (number in seq_len(nrow(published))) {
  plan <- published[number, ]
  rows <- read.csv(gzfile(file.path(folder, "specs/run", plan$rows)), stringsAsFactors = FALSE,
                   colClasses = c(area = "character", cluster = "character", segment = "character"))
  rows <- rows[!is.na(rows$segment) & rows$segment != "", ]
  add <- function(figure, then, now) found[[length(found) + 1]] <<- compare(plan$estimate_id, figure, then, now)
  add("observed", plan$observed, sum(rows$count[rows$is_treated == 1 & rows$segment == "phase"]))
  if (plan$design == "pooled") {
    fitted <- pooled(rows)
    for (name in c("cluster", "hc1")) {
      if (is.na(plan[[paste0(name, "_coefficient")]])) next
      add(paste0(name, ": coefficient"), plan[[paste0(name, "_coefficient")]], fitted[["coefficient"]])
      error <- paste0(name, "_standard_error")
      add(paste0(name, ": standard_error"), plan[[error]], fitted[[error]])
    }
  } else if (!is.na(plan$standard_coefficient) && plan$shock == 0) {
    fitted <- if (plan$design == "single") single(rows, plan) else controlled(rows, plan)
    for (key in names(fitted)) add(paste0("standard: ", key), plan[[paste0("standard_", key)]], fitted[[key]])
  }
}
table <- do.call(rbind, found)
options(width = 160)
print(table, row.names = FALSE, digits = 7)
wrong <- sum(!table$agrees)
cat(nrow(table), "figures recomputed,", wrong, "differ by more than", format(tolerance), "\n")
quit(status = if (wrong > 0) 1 else 0)
