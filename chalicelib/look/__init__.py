"""The look: what is observed, remembered, decided and waited for next. Pure."""
